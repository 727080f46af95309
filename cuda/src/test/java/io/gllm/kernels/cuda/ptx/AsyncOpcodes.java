package io.gllm.kernels.cuda.ptx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code cp.async}: copies from global to shared memory that arrive when their thread waits for them. */
final class AsyncOpcodes {
  private interface ByLane {
    void run(AsyncCopies copies, int lane);
  }

  private AsyncOpcodes() {}

  static void define(Opcodes t) {
    for (String hint : new String[]{"", ".L2::64B", ".L2::128B", ".L2::256B"}) {
      t.put("cp.async.ca.shared.global" + hint, o -> copy(o, 4));
      t.put("cp.async.cg.shared.global" + hint, o -> copy(o, 16));
    }
    t.put("cp.async.commit_group", o -> each(o, 0, AsyncCopies::commit));
    t.put("cp.async.wait_all", o -> each(o, 0, AsyncCopies::awaitAll));
    t.put("cp.async.wait_group", o -> {
      o.count(1, 1);
      int pending = o.constant(0);
      return each(o, 1, (c, l) -> c.await(l, pending));
    });
  }

  private static Step each(Operands o, int operands, ByLane action) {
    o.count(operands, operands);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        for (int m = mask; m != 0; m &= m - 1) {
          action.run(w.copies, Integer.numberOfTrailingZeros(m));
        }
      }
    };
  }

  private static Step copy(Operands o, int least) {
    o.count(3, 4);
    int bytes = o.constant(2);
    if (bytes < least || bytes > 16 || Integer.bitCount(bytes) != 1) {
      throw o.instruction.fault("copies of " + bytes + " bytes");
    }
    Access to = new Access(o, 0, Access.Space.SHARED, bytes);
    Access from = new Access(o, 1, Access.Space.GLOBAL, bytes);
    int size = o.count() == 4 ? o.read(3, 32) : o.entry.registers.constant(bytes, 32);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        to.begin(w, mask);
        from.begin(w, mask);
        w.uses(size, mask);
        for (int m = mask; m != 0; m &= m - 1) {
          start(w, Integer.numberOfTrailingZeros(m));
        }
      }

      /** Bytes beyond the given size are zero and are not read. */
      private void start(Warp w, int l) {
        int n = w.words[size][l];
        if (n < 0 || n > bytes) {
          throw new LaneFault(l, "copies " + n + " of " + bytes + " bytes");
        }
        byte[] data = new byte[bytes];
        if (n > 0) {
          MemorySegment memory = from.read(w, l, n);
          MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, w.group.offset, data, 0, n);
        }
        to.copying(w, l);
        w.copies.start(l, w.group.offset, data);
      }
    };
  }
}
