//===- CAPISession.cpp - The C API: running -------------------------------------===//

#include "CAPI.h"

using namespace mv;
using namespace mv::capi;

mv_status *mv_session_create(const mv_package *package, const mv_session_options *options,
                             mv_session **session) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    *session = nullptr;
    MV_ASSIGN_OR_RETURN(const mv_session_options given, optionsFromCaller(options));
    runtime::DeviceOptions deviceOptions;
    if (given.device)
      deviceOptions.device = given.device;
    if (given.cpu_target)
      deviceOptions.cpuTarget = given.cpu_target;
    deviceOptions.threads = given.threads;
    deviceOptions.poison = given.poison != 0;
    MV_ASSIGN_OR_RETURN(runtime::Session created, runtime::Session::create(package->file, deviceOptions));
    created.setProfiling(given.profile != 0);
    std::string target(created.device().target()), description(created.device().description());
    *session = new mv_session{std::move(created), std::move(target), std::move(description)};
    return Status();
  });
}

void mv_session_free(mv_session *session) { delete session; }

mv_status *mv_session_get_info(const mv_session *session, mv_session_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    const runtime::Device &device = session->session.device();
    mv_session_info result = MV_SESSION_INFO_INIT;
    result.device = device.name().data(); // A literal, so it ends in zero.
    result.target = session->target.c_str();
    result.threads = device.threads();
    result.memory_bytes = device.reservedBytes();
    result.description = session->description.c_str();
    const package::Entry &entry = *session->session.package().model().entries()->Get(0);
    result.dtype = text(package::findProgram(entry, device.name())->dtype());
    return infoToCaller(result, info);
  });
}

uint64_t mv_session_run_bytes(const mv_session *session, uint32_t entry, int64_t batch) {
  return session ? session->session.runBytes(entry, batch) : 0;
}

mv_status *mv_session_reserve(mv_session *session, uint32_t entry, int64_t batch) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    return session->session.reserve(entry, batch);
  });
}

static mv_status *runAndWait(mv_session *session, const runtime::Run &run) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    MV_RETURN_IF_ERROR(checkPointer(run.outputs.data(), "outputs"));
    return session->session.run(run);
  });
}

static mv_status *enqueueRun(mv_session *session, const runtime::Run &run, void *stream, uint64_t *number) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    MV_RETURN_IF_ERROR(checkPointer(run.outputs.data(), "outputs"));
    MV_ASSIGN_OR_RETURN(const uint64_t enqueued, session->session.enqueue(run, stream));
    if (number)
      *number = enqueued;
    return Status();
  });
}

mv_status *mv_session_run(mv_session *session, uint32_t entry, int64_t batch, const float *input,
                          float *const *outputs, size_t count) {
  return runAndWait(session, {entry, batch, input, std::span(outputs, count)});
}

mv_status *mv_session_run_pictures(mv_session *session, uint32_t entry, int64_t batch,
                                   const uint8_t *pictures, float *const *outputs, size_t count) {
  return runAndWait(session, {entry, batch, pictures, std::span(outputs, count), package::InputType::U8});
}

mv_status *mv_session_enqueue(mv_session *session, uint32_t entry, int64_t batch, const float *input,
                              float *const *outputs, size_t count, void *stream, uint64_t *run) {
  return enqueueRun(session, {entry, batch, input, std::span(outputs, count)}, stream, run);
}

mv_status *mv_session_enqueue_pictures(mv_session *session, uint32_t entry, int64_t batch,
                                       const uint8_t *pictures, float *const *outputs, size_t count,
                                       void *stream, uint64_t *run) {
  return enqueueRun(session, {entry, batch, pictures, std::span(outputs, count), package::InputType::U8},
                    stream, run);
}

mv_status *mv_session_wait(mv_session *session, uint64_t run) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    return session->session.wait(run);
  });
}

mv_status *mv_session_allocate_host(mv_session *session, size_t bytes, void **memory) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    MV_RETURN_IF_ERROR(checkPointer(memory, "memory"));
    *memory = nullptr;
    if (bytes == 0)
      return Status::invalidInput("cannot allocate 0 bytes: expected at least 1");
    MV_ASSIGN_OR_RETURN(*memory, session->session.allocateHost(bytes));
    return Status();
  });
}

void mv_session_free_host(mv_session *session, void *memory) {
  if (session && memory)
    session->session.freeHost(memory);
}

//===----------------------------------------------------------------------===//
// Profile
//===----------------------------------------------------------------------===//

mv_status *mv_session_set_profiling(mv_session *session, int enabled) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    session->session.setProfiling(enabled != 0);
    return Status();
  });
}

size_t mv_session_profile_count(const mv_session *session) {
  return session ? session->session.profile().size() : 0;
}

mv_status *mv_session_get_profile(const mv_session *session, size_t index, mv_profile_record *record) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(session, "session"));
    const runtime::Session &source = session->session;
    MV_RETURN_IF_ERROR(checkIndex(index, source.profile().size(), "profile record"));
    const runtime::DispatchTime &time = source.profile()[index];
    const package::Model &model = source.package().model();
    const auto position = static_cast<uint32_t>(index);
    const package::Entry &entry = *model.entries()->Get(source.profiledEntry());
    const package::Dispatch &dispatch =
        *package::findProgram(entry, source.device().name())->dispatches()->Get(position);
    const package::Kernel &kernel = *model.kernels()->Get(dispatch.kernel());
    const auto batch = static_cast<uint64_t>(source.profiledBatch());
    mv_profile_record result = MV_PROFILE_RECORD_INIT;
    result.label = text(dispatch.label());
    result.kernel = text(kernel.name());
    result.family = text(kernel.family());
    result.dispatch = position;
    result.kernel_index = dispatch.kernel();
    result.start_ns = time.start;
    result.end_ns = time.end;
    result.flops = batch * kernel.flops();
    result.bytes = batch * (kernel.bytes_read() + kernel.bytes_written()) + kernel.bytes_parameters();
    result.workgroups = time.workgroups;
    return infoToCaller(result, record);
  });
}
