package io.gllm.kernels.safetensors;

import io.gllm.kernels.api.KernelException;

/** A checkpoint is damaged, hostile or of a kind that is not supported. */
public final class SafetensorsException extends KernelException {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final long offset;

  /**
   * A problem in {@code file}.
   *
   * @param offset byte of the file where the problem was seen, or -1 if it has no place
   * @param problem what was wrong
   */
  public SafetensorsException(String file, long offset, String problem) {
    super(message(file, offset, problem));
    this.file = file;
    this.offset = offset;
  }

  /** A file that cannot be read at all. */
  public SafetensorsException(String file, String problem, Throwable cause) {
    super(message(file, -1, problem), cause);
    this.file = file;
    this.offset = -1;
  }

  private static String message(String file, long offset, String problem) {
    return offset < 0 ? file + ": " + problem : file + ", byte " + offset + ": " + problem;
  }

  /** Name of the file, without its folder. */
  public String file() {
    return file;
  }

  /** Byte of the file where the problem was seen, or -1. */
  public long offset() {
    return offset;
  }
}
