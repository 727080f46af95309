package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.UnaryOp;

/** Functions of one number, in double precision. */
public final class Special {
  private static final double TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

  private Special() {}

  /** The function of an elementwise operator; limits at infinity. */
  public static double unary(Op<UnaryOp.Kernel> op, double x) {
    return switch (op.name()) {
      case "exp" -> Math.exp(x);
      case "silu" -> silu(x);
      case "gelu" -> gelu(x);
      case "gelu_erf" -> geluErf(x);
      case "relu" -> relu(x);
      case "tanh" -> Math.tanh(x);
      default -> throw new IllegalArgumentException("no oracle for " + op);
    };
  }

  /** What gemm_bias_act applies. */
  public static double activate(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> relu(x);
      case SILU -> silu(x);
      case GELU -> gelu(x);
    };
  }

  private static double relu(double x) {
    return Double.isNaN(x) ? x : Math.max(x, 0);
  }

  /** x * sigmoid(x). */
  public static double silu(double x) {
    return x == Double.NEGATIVE_INFINITY ? -0.0 : x / (1 + Math.exp(-x));
  }

  // 0.5 (1 + tanh(u)) = sigmoid(2 u), which keeps its digits where tanh comes close to -1.
  private static double gelu(double x) {
    double z = 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    return x == Double.NEGATIVE_INFINITY ? -0.0 : x / (1 + Math.exp(-z));
  }

  private static double geluErf(double x) {
    return x == Double.NEGATIVE_INFINITY ? -0.0 : 0.5 * x * erfc(-x / Math.sqrt(2));
  }

  /** The error function: Kummer's series, of positive terms only (Abramowitz and Stegun 7.1.6). */
  public static double erf(double x) {
    if (Math.abs(x) > 2) {
      return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-19 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return TWO_OVER_ROOT_PI * Math.exp(-x * x) * sum;
  }

  /** 1 - erf(x): beyond 2 the continued fraction (Abramowitz and Stegun 7.1.14), from the tail inwards. */
  public static double erfc(double x) {
    if (Double.isNaN(x) || x < 2) {
      return 1 - erf(x);
    }
    if (x > 30) {
      return 0;
    }
    double fraction = x;
    for (int k = 120; k > 0; k--) {
      fraction = x + k / 2.0 / fraction;
    }
    return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
  }
}
