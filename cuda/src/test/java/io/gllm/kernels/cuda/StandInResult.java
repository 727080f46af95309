package io.gllm.kernels.cuda;

import java.util.Map;

/** The results that the stand-in for the driver gives, with the numbers and names of cuda.h. */
final class StandInResult {
  static final int INVALID_VALUE = 1;
  static final int OUT_OF_MEMORY = 2;
  static final int NOT_INITIALIZED = 3;
  static final int INVALID_DEVICE = 101;
  static final int INVALID_IMAGE = 200;
  static final int INVALID_CONTEXT = 201;
  static final int NO_BINARY_FOR_GPU = 209;
  static final int INVALID_PTX = 218;
  static final int UNSUPPORTED_PTX_VERSION = 222;
  static final int INVALID_HANDLE = 400;
  static final int ILLEGAL_STATE = 401;
  static final int NOT_FOUND = 500;
  static final int LAUNCH_FAILED = 719;
  static final int CAPTURE_UNSUPPORTED = 900;
  static final int CAPTURE_INVALIDATED = 901;
  static final int UNKNOWN = 999;
  static final Map<Integer, String> NAMES = Map.ofEntries(Map.entry(0, "CUDA_SUCCESS"), Map.entry(1, "CUDA_ERROR_INVALID_VALUE"),
      Map.entry(2, "CUDA_ERROR_OUT_OF_MEMORY"), Map.entry(3, "CUDA_ERROR_NOT_INITIALIZED"), Map.entry(101, "CUDA_ERROR_INVALID_DEVICE"),
      Map.entry(200, "CUDA_ERROR_INVALID_IMAGE"), Map.entry(201, "CUDA_ERROR_INVALID_CONTEXT"),
      Map.entry(209, "CUDA_ERROR_NO_BINARY_FOR_GPU"), Map.entry(218, "CUDA_ERROR_INVALID_PTX"),
      Map.entry(222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), Map.entry(304, "CUDA_ERROR_OPERATING_SYSTEM"),
      Map.entry(400, "CUDA_ERROR_INVALID_HANDLE"), Map.entry(401, "CUDA_ERROR_ILLEGAL_STATE"), Map.entry(500, "CUDA_ERROR_NOT_FOUND"),
      Map.entry(719, "CUDA_ERROR_LAUNCH_FAILED"),
      Map.entry(900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"), Map.entry(901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"),
      Map.entry(999, "CUDA_ERROR_UNKNOWN"));

  private StandInResult() {}
}
