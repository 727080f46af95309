package io.gllm.kernels.rocm.gcn;

import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Branches, barriers, waits, the end, and what only makes a device faster. */
final class FlowOpcodes {
  /** They do nothing here: hints, and pauses that the device needs. */
  static final Set<String> HINTS = Set.of("s_nop", "s_delay_alu", "s_clause", "s_set_inst_prefetch_distance", "s_waitcnt_depctr",
      "s_wait_alu", "s_inst_prefetch", "s_setprio");
  private static final Pattern WAIT = Pattern.compile("(vmcnt|lgkmcnt|expcnt)\\((\\d+)\\)");

  private interface Condition {
    boolean of(Wave w);
  }

  private FlowOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    table.put("s_endpgm", _ -> new State(Wave.State.ENDED));
    table.put("s_barrier", _ -> new Barrier());
    table.put("s_barrier_signal", o -> new Signal(o.scalar(0, 1)));
    table.put("s_barrier_wait", o -> barrierWait(o));
    table.put("s_sendmsg", FlowOpcodes::message);
    table.put("s_waitcnt", FlowOpcodes::waits);
    table.put("s_waitcnt_vscnt", o -> {
      o.operand(0);
      return new Wait(Chip.STORES, Operands.constant(o.operand(1), false));
    });
    wait(table, "s_wait_loadcnt", Chip.LOADS);
    wait(table, "s_wait_storecnt", Chip.STORES);
    wait(table, "s_wait_dscnt", Chip.SHARED);
    wait(table, "s_wait_kmcnt", Chip.SCALARS);
    both(table, "s_wait_loadcnt_dscnt", Chip.LOADS);
    both(table, "s_wait_storecnt_dscnt", Chip.STORES);
    branch(table, "s_branch", _ -> true);
    branch(table, "s_cbranch_scc0", w -> !w.scc());
    branch(table, "s_cbranch_scc1", Wave::scc);
    branch(table, "s_cbranch_execz", w -> w.exec() == 0);
    branch(table, "s_cbranch_execnz", w -> w.exec() != 0);
    branch(table, "s_cbranch_vccz", w -> vcc(w) == 0);
    branch(table, "s_cbranch_vccnz", w -> vcc(w) != 0);
  }

  private static long vcc(Wave w) {
    long value = w.readMask(Wave.VCC);
    long known = w.knownMask(Wave.VCC);
    if ((known & w.all) != w.all && (value & known) == 0) {
      throw new GcnFault("depends on vcc, which comes from what nothing has written");
    }
    return value;
  }

  private static void branch(Map<String, Decode> table, String opcode, Condition condition) {
    table.put(opcode, o -> {
      o.operand(0);
      if (opcode.contains("vcc")) {
        o.vcc();
      }
      return new Branch(condition);
    });
  }

  private static void wait(Map<String, Decode> table, String opcode, int counter) {
    table.put(opcode, o -> new Wait(counter, Operands.constant(o.operand(0), false)));
  }

  /** One of two counters in the bits above eight, shared memory below. */
  private static void both(Map<String, Decode> table, String opcode, int counter) {
    table.put(opcode, o -> {
      int both = Operands.constant(o.operand(0), false);
      return new Sequence(new Wait(counter, both >> 8), new Wait(Chip.SHARED, both & 63));
    });
  }

  /** {@code vmcnt(1) lgkmcnt(0)}. */
  private static Op waits(Operands o) {
    if (o.chip.generation() == 12) {
      throw new GcnFault("is not modelled on " + o.chip.name());
    }
    String counts = o.line.text().substring(o.line.opcode().length() + 1);
    o.operand(0);
    o.line.modifiers().clear();
    Op[] ops = new Op[counts.split(" ").length];
    int n = 0;
    for (String count : counts.split(" ")) {
      Matcher m = WAIT.matcher(count);
      if (!m.matches()) {
        throw new GcnFault("has operand " + count + ", which is not modelled");
      }
      int most = Integer.parseInt(m.group(2));
      ops[n++] = new Wait(m.group(1).equals("vmcnt") ? Chip.LOADS : Chip.SHARED, m.group(1).equals("expcnt") ? Integer.MAX_VALUE : most);
    }
    return n == 1 ? ops[0] : new Sequence(ops);
  }

  private static Op message(Operands o) {
    if (!o.operand(0).equals("sendmsg(MSG_DEALLOC_VGPRS)")) {
      throw new GcnFault("is not modelled");
    }
    return new Hint();
  }

  private static Op barrierWait(Operands o) {
    o.scalar(0, 1);
    return new Barrier();
  }

  private static void requireShared(Wave w) {
    if (w.outstanding.shared() != 0) {
      throw new GcnFault("is reached before a wait for " + w.outstanding.shared() + " operations of shared memory");
    }
  }

  static final class Hint extends Op {
    @Override
    void run(Wave w) {}
  }

  private static final class State extends Op {
    private final Wave.State state;

    State(Wave.State state) {
      this.state = state;
    }

    @Override
    void run(Wave w) {
      w.state = state;
    }
  }

  /** All lanes of all waves meet, and what they have stored in shared memory is there. */
  private static final class Barrier extends Op {
    @Override
    void run(Wave w) {
      requireShared(w);
      if (w.exec() != w.threads()) {
        throw new LaneFault(Long.numberOfTrailingZeros(w.threads() & ~w.exec()), "barrier divergence: this thread is not at the barrier");
      }
      w.state = Wave.State.AT_BARRIER;
    }
  }

  /** GFX12 says first that it has come to the barrier: from then on others may go on. */
  private static final class Signal extends Op {
    Signal(int barrier) {
      if (barrier < Wave.SCALARS) {
        throw new GcnFault("is not modelled");
      }
    }

    @Override
    void run(Wave w) {
      requireShared(w);
    }
  }

  private static final class Wait extends Op {
    private final int counter;
    private final int most;

    Wait(int counter, int most) {
      this.counter = counter;
      this.most = most;
    }

    @Override
    void run(Wave w) {
      w.outstanding.await(counter, most);
    }
  }

  /** Goes on elsewhere. */
  static final class Branch extends Op {
    int target;
    private final Condition condition;

    Branch(Condition condition) {
      this.condition = condition;
    }

    @Override
    void run(Wave w) {
      if (condition.of(w)) {
        w.pc = target;
      }
    }
  }
}
