package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.checkpoint.CheckpointMatrix;
import io.gllm.kernels.checkpoint.CheckpointRows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A matrix of a checkpoint, loaded as weights of any device: {@code y[M,N] = x[M,K] W^T}. Loading converts a few rows at a time, see
 * {@link CheckpointRows} for what is exact, and packs them for the device.
 */
public final class CheckpointWeights implements AutoCloseable {
  /** Host memory for rows on their way to the device. */
  private static final long STAGING_BYTES = 16 << 20;

  private final KernelDispatcher kernels;
  private final Buffer weights;
  private final int rows;
  private final int columns;

  private CheckpointWeights(KernelDispatcher kernels, Buffer weights, CheckpointMatrix matrix) {
    this.kernels = kernels;
    this.weights = weights;
    this.rows = matrix.rows();
    this.columns = matrix.columns();
  }

  /** Loads a matrix without any loss, in the smallest type that holds it. */
  public static CheckpointWeights load(KernelDispatcher kernels, CheckpointMatrix matrix) {
    return load(kernels, matrix, CheckpointRows.exactType(matrix));
  }

  /**
   * Loads a matrix as rows of {@code type}.
   *
   * @throws IllegalArgumentException if there is no such conversion, or a number does not fit the type
   * @throws io.gllm.kernels.api.DeviceMemoryException if the device cannot hold it
   */
  public static CheckpointWeights load(KernelDispatcher kernels, CheckpointMatrix matrix, ElementType type) {
    CheckpointRows converted = new CheckpointRows(matrix, type);
    try (Buffer raw = kernels.allocate(type, (long) matrix.rows() * matrix.columns())) {
      upload(kernels, matrix, converted, raw);
      return new CheckpointWeights(kernels, kernels.packWeights(raw, matrix.rows(), matrix.columns(), true), matrix);
    }
  }

  private static void upload(KernelDispatcher kernels, CheckpointMatrix matrix, CheckpointRows converted, Buffer raw) {
    int rows = matrix.rows();
    long columns = matrix.columns();
    int step = Math.clamp(STAGING_BYTES / converted.rowBytes(), 1, rows);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment staging = arena.allocate(step * converted.rowBytes(), 64);
      for (int first = 0; first < rows; first += step) {
        int count = Math.min(step, rows - first);
        converted.write(first, count, staging);
        kernels.write(raw.slice(first * columns, count * columns), staging.asSlice(0, count * converted.rowBytes()));
      }
    }
  }

  /** N, the outputs. */
  public int rows() {
    return rows;
  }

  /** K, the inputs. */
  public int columns() {
    return columns;
  }

  /** The type as which the weights were loaded. */
  public ElementType type() {
    return weights.type();
  }

  /**
   * out[m][N] = x[m][K] W^T with f32 x and out, within the bound of {@link io.gllm.kernels.api.op.MatMul} or, for block formats, of
   * {@link io.gllm.kernels.api.op.QuantMatMul}, both taken of the loaded weights.
   */
  public void apply(Buffer x, Buffer out, long m) {
    if (weights.type() instanceof QuantFormat) {
      kernels.quantMatMul(weights, x, out, m, rows, columns);
    } else {
      kernels.gemmBt(x, weights, out, m, rows, columns);
    }
  }

  /** Frees the weights on the device. */
  @Override
  public void close() {
    weights.close();
  }
}
