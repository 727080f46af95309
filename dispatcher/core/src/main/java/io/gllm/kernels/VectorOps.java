package io.gllm.kernels;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.api.spi.Queue;

/**
 * The operators on vectors: BLAS-1, activations and conversions. Each checks its arguments, then runs the kernel that was bound at
 * start; nothing is allocated or looked up. Calls are in order; any thread may call.
 */
abstract sealed class VectorOps permits MatrixOps {
  final KernelTable bound;
  KernelTable kernels; // listeners while calls are recorded
  final Placement placement;
  final Queue queue;

  VectorOps(Queue queue, Placement placement) {
    this.queue = queue;
    this.placement = placement;
    this.bound = new KernelTable(queue::kernel);
    this.kernels = bound;
  }

  final void begin() {
    queue.begin();
  }

  /** Also frees what a failed call had staged. */
  final void end() {
    placement.abandon();
    queue.end();
  }

  final Buffer in(Buffer operand) {
    return placement.in(operand);
  }

  /** Machine code does not know that memory is read-only: writing there would end the process. */
  final Buffer out(Buffer operand) {
    if (operand != null && operand.isReadOnly()) {
      throw new IllegalArgumentException("an output is read-only: " + operand);
    }
    return placement.out(operand);
  }

  static int type(Buffer operand) {
    return operand.type().index();
  }

  /** out[0] = sum of a[i] b[i], see {@link VecDot}. */
  public void vecDot(Buffer a, Buffer b, Buffer out, long n) {
    begin();
    try {
      VecDot.check(a, b, out, n);
      kernels.vecDot[type(a)].run(in(a), in(b), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = a + b. See {@link BinaryOp}. */
  public void vecAdd(Buffer a, Buffer b, Buffer out, long n) {
    begin();
    try {
      BinaryOp.check(a, b, out, n);
      kernels.add[type(a)].run(in(a), in(b), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = a - b. See {@link BinaryOp}. */
  public void vecSub(Buffer a, Buffer b, Buffer out, long n) {
    begin();
    try {
      BinaryOp.check(a, b, out, n);
      kernels.sub[type(a)].run(in(a), in(b), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = a * b. See {@link BinaryOp}. */
  public void vecMul(Buffer a, Buffer b, Buffer out, long n) {
    begin();
    try {
      BinaryOp.check(a, b, out, n);
      kernels.mul[type(a)].run(in(a), in(b), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** x = x * s in place, see {@link VecScale}. */
  public void vecScale(Buffer x, float s, long n) {
    begin();
    try {
      VecScale.check(x, n);
      kernels.scale[type(x)].run(out(x), s, n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** y = y + a * x, see {@link VecAxpy}. */
  public void vecAxpy(Buffer y, float a, Buffer x, long n) {
    begin();
    try {
      VecAxpy.check(y, x, n);
      kernels.axpy[type(y)].run(out(y), a, in(x), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out[0] = sum of x. See {@link ReduceOp}. */
  public void vecSum(Buffer x, Buffer out, long n) {
    begin();
    try {
      ReduceOp.check(ReduceOp.SUM, x, out, n);
      kernels.sum[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out[0] = largest element of x. See {@link ReduceOp}. */
  public void vecMax(Buffer x, Buffer out, long n) {
    begin();
    try {
      ReduceOp.check(ReduceOp.MAX, x, out, n);
      kernels.max[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out[0] = sum of squares of x. See {@link ReduceOp}. */
  public void vecSumSquares(Buffer x, Buffer out, long n) {
    begin();
    try {
      ReduceOp.check(ReduceOp.SUM_SQUARES, x, out, n);
      kernels.sumSquares[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = e^x. See {@link UnaryOp}. */
  public void exp(Buffer x, Buffer out, long n) {
    begin();
    try {
      UnaryOp.check(x, out, n);
      kernels.exp[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = x * sigmoid(x). See {@link UnaryOp}. */
  public void silu(Buffer x, Buffer out, long n) {
    begin();
    try {
      UnaryOp.check(x, out, n);
      kernels.silu[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = gelu(x), tanh form. See {@link UnaryOp}. */
  public void gelu(Buffer x, Buffer out, long n) {
    begin();
    try {
      UnaryOp.check(x, out, n);
      kernels.gelu[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = gelu(x), by the error function. See {@link UnaryOp}. */
  public void geluErf(Buffer x, Buffer out, long n) {
    begin();
    try {
      UnaryOp.check(x, out, n);
      kernels.geluErf[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = max(x, 0). See {@link UnaryOp}. */
  public void relu(Buffer x, Buffer out, long n) {
    begin();
    try {
      UnaryOp.check(x, out, n);
      kernels.relu[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = tanh(x). See {@link UnaryOp}. */
  public void tanh(Buffer x, Buffer out, long n) {
    begin();
    try {
      UnaryOp.check(x, out, n);
      kernels.tanh[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** out = silu(gate) * up, with a the gate and b the up projection. See {@link BinaryOp}. */
  public void swiglu(Buffer a, Buffer b, Buffer out, long n) {
    begin();
    try {
      BinaryOp.check(a, b, out, n);
      kernels.swiglu[type(a)].run(in(a), in(b), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Converts between floating-point types, see {@link Cast}. */
  public void cast(Buffer x, Buffer out, long n) {
    begin();
    try {
      Cast.check(x, out, n);
      kernels.cast[type(x)].run(in(x), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }
}
