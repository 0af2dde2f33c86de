/*===- CHeaderTest.c - mv.h is C -------------------------------------------------===*/

#include "mv/mv.h"

/* The example of the header, as a C compiler sees it; returns the code of the first failure. */
mv_code mv_test_run_from_c(const char *path, int64_t batch, const float *images, float *output) {
  mv_package_options package_options = MV_PACKAGE_OPTIONS_INIT;
  mv_session_options session_options = MV_SESSION_OPTIONS_INIT;
  mv_package *package = NULL;
  mv_session *session = NULL;
  mv_status *status = mv_package_open(path, &package_options, &package);
  if (!status)
    status = mv_session_create(package, &session_options, &session);
  float *outputs[] = {output, NULL};
  if (!status)
    status = mv_session_run(session, 0, batch, images, outputs, 2);
  mv_code code = mv_status_code(status);
  mv_status_free(status);
  mv_session_free(session);
  mv_package_close(package);
  return code;
}
