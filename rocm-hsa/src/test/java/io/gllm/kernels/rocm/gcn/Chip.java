package io.gllm.kernels.rocm.gcn;

/**
 * What differs between the architectures.
 *
 * @param name such as gfx90a
 * @param lanes of a wave: 64 on GCN and CDNA, 32 as the compiler wants it on RDNA
 * @param generation 9 to 12
 */
public record Chip(String name, int lanes, int generation) {
  /** Counters of outstanding operations: of loads, of shared memory, of stores, of scalar loads. */
  static final int LOADS = 0;
  static final int SHARED = 1;
  static final int STORES = 2;
  static final int SCALARS = 3;
  static final int COUNTERS = 4;

  /** The chip of a name. */
  public static Chip of(String name) {
    if (!name.matches("gfx(9|1[0-2])[0-9a-f]{2}")) {
      throw new GcnFault("no such chip: " + name);
    }
    int generation = Integer.parseInt(name.substring(3, name.length() - 2));
    return new Chip(name, generation == 9 ? 64 : 32, generation);
  }

  /** The counter of stores; up to GFX9 they are counted with loads. */
  int stores() {
    return generation == 9 ? LOADS : STORES;
  }

  /** The counter of scalar loads; up to GFX11 they are counted with shared memory. */
  int scalars() {
    return generation == 12 ? SCALARS : SHARED;
  }

  /** Whether the places of a group come in trap registers. */
  boolean groupsInTraps() {
    return generation == 12;
  }

  /** Whether 16-bit results leave the upper half of a register as it is, and do not clear it. */
  boolean keepsUpperHalf() {
    return generation > 9;
  }

  /** Whether v_cmpx writes the mask alone, and no register besides. */
  boolean comparesIntoMaskAlone() {
    return generation > 9;
  }
}
