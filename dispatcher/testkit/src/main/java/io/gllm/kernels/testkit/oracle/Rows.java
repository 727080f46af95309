package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Softmax;

/**
 * Operators that treat each row by itself: results and error bounds of a whole matrix.
 *
 * @param exact the results
 * @param bound the largest error allowed for each
 */
public record Rows(double[] exact, double[] bound) {
  private static Rows of(int n) {
    return new Rows(new double[n], new double[n]);
  }

  /** Whether a sum of squares leaves f32: then a norm has no bound, though its bits are the same everywhere in reproducible mode. */
  private static boolean overflows(double squares) {
    return squares > Float.MAX_VALUE;
  }

  /** x / sqrt(mean(x^2) + eps) * weight. */
  public static Rows rmsNorm(DType type, double[] x, double[] weight, int rows, int cols, float eps) {
    Rows out = of(rows * cols);
    for (int r = 0; r < rows; r++) {
      double squares = 0;
      for (int i = r * cols; i < (r + 1) * cols; i++) {
        squares += x[i] * x[i];
      }
      double scale = 1 / Math.sqrt(squares / cols + eps);
      for (int c = 0; c < cols; c++) {
        int i = r * cols + c;
        out.exact[i] = x[i] * scale * weight[c];
        out.bound[i] = overflows(squares) ? Double.POSITIVE_INFINITY : RmsNorm.bound(type, cols, out.exact[i]);
      }
    }
    return out;
  }

  /** (x - mean) / sqrt(variance + eps) * gamma + beta. */
  public static Rows layerNorm(DType type, double[] x, double[] gamma, double[] beta, int rows, int cols, float eps) {
    Rows out = of(rows * cols);
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      double abs = 0;
      for (int i = r * cols; i < (r + 1) * cols; i++) {
        sum += x[i];
        abs += Math.abs(x[i]);
      }
      double mean = sum / cols;
      double squares = 0;
      for (int i = r * cols; i < (r + 1) * cols; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
      }
      double inverse = 1 / Math.sqrt(squares / cols + eps);
      for (int c = 0; c < cols; c++) {
        int i = r * cols + c;
        out.exact[i] = (x[i] - mean) * inverse * gamma[c] + beta[c];
        out.bound[i] = overflows(squares)
            ? Double.POSITIVE_INFINITY
            : LayerNorm.bound(type, cols, abs / cols, inverse, gamma[c], beta[c], out.exact[i]);
      }
    }
    return out;
  }

  /** softmax(scale * x + mask); mask may be null. */
  public static Rows softmax(DType type, double[] x, double[] mask, int rows, int cols, float scale) {
    Rows out = of(rows * cols);
    for (int r = 0; r < rows; r++) {
      double[] v = new double[cols];
      double top = Double.NEGATIVE_INFINITY;
      double argument = 0;
      for (int c = 0; c < cols; c++) {
        int i = r * cols + c;
        v[c] = x[i] * scale + (mask == null ? 0 : mask[i]);
        top = Math.max(top, v[c]);
        argument = Double.isFinite(v[c]) ? Math.max(argument, Math.abs(x[i] * scale) + (mask == null ? 0 : Math.abs(mask[i]))) : argument;
      }
      double sum = 0;
      for (double s : v) {
        sum += top == Double.NEGATIVE_INFINITY ? 0 : Math.exp(s - top);
      }
      for (int c = 0; c < cols; c++) {
        int i = r * cols + c;
        out.exact[i] = sum == 0 ? 0 : Math.exp(v[c] - top) / sum;
        out.bound[i] = Softmax.bound(type, cols, argument, out.exact[i]);
      }
    }
    return out;
  }
}
