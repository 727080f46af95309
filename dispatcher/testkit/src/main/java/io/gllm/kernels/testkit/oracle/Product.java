package io.gllm.kernels.testkit.oracle;

/**
 * C[m,n] = A[m,k] B^T, B as rows of k.
 *
 * @param exact the products
 * @param sumAbs the sums of |a b| that their error bounds need
 */
public record Product(double[] exact, double[] sumAbs) {
  /** Multiplies. */
  public static Product of(double[] a, double[] rows, int m, int n, int k) {
    double[] exact = new double[m * n];
    double[] sumAbs = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        double abs = 0;
        for (int l = 0; l < k; l++) {
          double term = a[i * k + l] * rows[j * k + l];
          sum += term;
          abs += Math.abs(term);
        }
        exact[i * n + j] = sum;
        sumAbs[i * n + j] = abs;
      }
    }
    return new Product(exact, sumAbs);
  }

  /** [rows][cols] as [cols][rows]. */
  public static double[] transpose(double[] x, int rows, int cols) {
    double[] out = new double[x.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        out[c * rows + r] = x[r * cols + c];
      }
    }
    return out;
  }
}
