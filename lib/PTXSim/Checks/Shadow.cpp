//===- Shadow.cpp - What is known about each byte of memory ---------*- C++ -*-===//

#include "PTXSim/Checks/Shadow.h"

#include <algorithm>

namespace mv::ptxsim {
namespace {

/// Pages begin with granules of 16 bytes, the widest access of a lane.
constexpr unsigned coarsestShift = 4;

} // namespace

void InitShadow::setRange(uint64_t offset, uint64_t bytes) {
  uint64_t end = offset + bytes;
  while (offset < end && (offset & 15)) {
    set(offset, 1);
    ++offset;
  }
  uint64_t whole = (end - offset) / 16;
  std::fill_n(lines_.begin() + int64_t(offset / 16), offset < end ? whole : 0, uint16_t(0xffff));
  for (offset += whole * 16; offset < end; ++offset)
    set(offset, 1);
}

void InitShadow::copyFrom(const InitShadow &source, uint64_t sourceOffset, uint64_t offset, uint64_t bytes) {
  if (((sourceOffset | offset | bytes) & 15) == 0) {
    std::copy_n(source.lines_.begin() + int64_t(sourceOffset / 16), bytes / 16,
                lines_.begin() + int64_t(offset / 16));
    return;
  }
  for (uint64_t i = 0; i < bytes; ++i) {
    uint16_t bit = uint16_t(1u << ((offset + i) & 15));
    uint16_t &line = lines_[(offset + i) / 16];
    line = source.byteSet(sourceOffset + i) ? line | bit : line & uint16_t(~bit);
  }
}

void RaceShadow::Page::refine(unsigned toShift) {
  unsigned copies = 1u << (shift - toShift);
  std::vector<Granule> finer(granules.size() * copies);
  for (size_t i = 0; i < finer.size(); ++i)
    finer[i] = granules[i / copies];
  granules = std::move(finer);
  shift = toShift;
}

RaceShadow::~RaceShadow() {
  for (std::atomic<Page *> &page : pages_)
    delete page.load();
}

RaceShadow::Page &RaceShadow::page(uint64_t offset) {
  std::atomic<Page *> &entry = pages_[offset / pageBytes];
  Page *page = entry.load(std::memory_order_acquire);
  if (page)
    return *page;
  auto made = std::make_unique<Page>();
  made->shift = coarsestShift;
  made->granules.resize(pageBytes >> made->shift);
  if (entry.compare_exchange_strong(page, made.get(), std::memory_order_acq_rel))
    page = made.release();
  return *page;
}

void RaceShadow::clearAll() {
  for (std::atomic<Page *> &entry : pages_)
    if (Page *page = entry.load())
      std::fill(page->granules.begin(), page->granules.end(), Granule());
}

} // namespace mv::ptxsim
