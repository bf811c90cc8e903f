// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

/* A failure with the `code` that index.d.ts promises. Thrown on any thread; js_error.h makes it a JS Error. */
class coded_error : public std::runtime_error {
 public:
  coded_error(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}

  /* `what` failed with `error`, an errno value. */
  static coded_error system(const std::string& what, int error) {
    return coded_error("ERR_SYSTEM", what + ": " + std::strerror(error));
  }

  const std::string& code() const { return code_; }

 private:
  std::string code_;
};
