package io.gllm.kernels.cuda.ptx;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Every opcode that is known, with all its modifiers, by its full name. What is not here is refused. A signature gives the widths
 * of the operands, result first: p a predicate, h 16, w 32, d 64 bits; H W D may be wider.
 */
final class Opcodes {
  interface Binder {
    Step bind(Operands o);
  }

  private static final Opcodes KNOWN = new Opcodes();

  private final Map<String, Binder> binders = new HashMap<>();

  private Opcodes() {
    IntegerOpcodes.define(this);
    BitOpcodes.define(this);
    FloatOpcodes.define(this);
    HalfOpcodes.define(this);
    Conversions.define(this);
    Comparisons.define(this);
    Moves.define(this);
    Accesses.define(this);
    Atomics.define(this);
    AsyncOpcodes.define(this);
    WarpOpcodes.define(this);
    MatrixOpcodes.define(this);
  }

  /** Resolves an instruction. */
  static void bind(Instruction i, Operands o) {
    switch (i.opcode) {
      case "bra", "bra.uni" -> {
        o.count(1, 1);
        i.flow = Instruction.Flow.BRANCH;
        i.target = o.label(0);
      }
      case "ret", "ret.uni", "exit" -> {
        o.count(0, 0);
        i.flow = Instruction.Flow.END;
      }
      case "bar.sync", "barrier.sync", "barrier.sync.aligned", "bar.cta.sync", "barrier.cta.sync", "barrier.cta.sync.aligned" -> {
        o.count(1, 1);
        if (o.constant(0) != 0) {
          throw i.fault("only barrier 0 of the whole group is known");
        }
        i.flow = Instruction.Flow.BARRIER;
      }
      default -> {
        Binder b = KNOWN.binders.get(i.opcode);
        if (b == null) {
          throw i.fault("unknown opcode " + i.opcode);
        }
        i.step = b.bind(o);
      }
    }
  }

  void put(String opcode, Binder binder) {
    if (binders.put(opcode, binder) != null) {
      throw new AssertionError(opcode + " is defined twice");
    }
  }

  /** The opcode depends on the device: its last bits, or whether it is contracted with another. */
  void approximate(String opcode) {
    Binder b = binders.get(opcode);
    binders.put(opcode, o -> {
      o.irreproducible();
      return b.bind(o);
    });
  }

  /** What must hold of the last operand before the opcode's loop runs. */
  interface Guard {
    void check(Warp w, int last, int mask);
  }

  void guard(String opcode, Guard guard) {
    Binder b = binders.get(opcode);
    binders.put(opcode, o -> {
      Step step = b.bind(o);
      int last = o.read(o.count() - 1, o.width(o.writeWider(0, 16)));
      return new Step() {
        @Override
        void run(Warp w, int mask) {
          guard.check(w, last, mask);
          step.run(w, mask);
        }
      };
    });
  }

  void int1(String opcode, String signature, Loops.Int1 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.IntLoop1.class, Loops.Int1.class, op));
  }

  void int2(String opcode, String signature, Loops.Int2 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.IntLoop2.class, Loops.Int2.class, op));
  }

  void int3(String opcode, String signature, Loops.Int3 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.IntLoop3.class, Loops.Int3.class, op));
  }

  void int4(String opcode, String signature, Loops.Int4 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.IntLoop4.class, Loops.Int4.class, op));
  }

  void long1(String opcode, String signature, Loops.Long1 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.LongLoop1.class, Loops.Long1.class, op));
  }

  void long2(String opcode, String signature, Loops.Long2 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.LongLoop2.class, Loops.Long2.class, op));
  }

  void long3(String opcode, String signature, Loops.Long3 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.LongLoop3.class, Loops.Long3.class, op));
  }

  void longShift(String opcode, String signature, Loops.LongShift op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.LongShiftLoop.class, Loops.LongShift.class, op));
  }

  void longField(String opcode, String signature, Loops.LongField op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.LongFieldLoop.class, Loops.LongField.class, op));
  }

  void wide2(String opcode, String signature, Loops.Wide2 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.WideLoop2.class, Loops.Wide2.class, op));
  }

  void wide3(String opcode, String signature, Loops.Wide3 op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.WideLoop3.class, Loops.Wide3.class, op));
  }

  void widen(String opcode, String signature, Loops.Widen op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.WidenLoop.class, Loops.Widen.class, op));
  }

  void narrow(String opcode, String signature, Loops.Narrow op) {
    loop(opcode, signature, () -> Loops.specialise(Loops.NarrowLoop.class, Loops.Narrow.class, op));
  }

  private void loop(String opcode, String signature, Supplier<Loops.Maker> loop) {
    Supplier<Loops.Maker> once = once(loop);
    put(opcode, o -> once.get().of(ids(o, signature)));
  }

  /** An opcode's loop is made when the first text uses it. */
  static Supplier<Loops.Maker> once(Supplier<Loops.Maker> loop) {
    return new Supplier<>() {
      private Loops.Maker made;

      @Override
      public Loops.Maker get() {
        if (made == null) {
          made = loop.get();
        }
        return made;
      }
    };
  }

  /** The registers of an instruction by its signature. */
  static int[] ids(Operands o, String signature) {
    o.count(signature.length(), signature.length());
    int[] ids = new int[signature.length()];
    for (int i = 0; i < ids.length; i++) {
      int width = switch (Character.toLowerCase(signature.charAt(i))) {
        case 'p' -> 1;
        case 'h' -> 16;
        case 'w' -> 32;
        case 'd' -> 64;
        default -> throw new AssertionError(signature);
      };
      boolean wider = Character.isUpperCase(signature.charAt(i));
      ids[i] = i == 0 ? o.write(0, width) : wider ? o.readWider(i, width) : o.read(i, width);
    }
    if (ids[0] < 0) {
      throw o.instruction.fault("the result goes nowhere");
    }
    return ids;
  }
}
