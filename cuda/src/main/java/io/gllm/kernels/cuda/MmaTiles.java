package io.gllm.kernels.cuda;

/** The tiles of a product on tensor cores (mma_tiles.inc): large ones, or small ones where those would leave a GPU idle. */
final class MmaTiles {
  /** Below, a product is bound by the reading of the weights. */
  static final int LEAST_ROWS = 9;
  /** The largest size that the kernels take. */
  static final long MOST = 1L << 30;
  private static final int LARGE = 128;
  private static final int SMALL = 64;
  /** From so many large tiles on a GPU is busy; with fewer, small ones occupy four times as many groups. */
  private static final long BUSY = 128;
  /** Rows of tiles that neighbouring groups share. */
  private static final int PANEL = 8;

  private MmaTiles() {}

  static boolean isLarge(long m, long n) {
    return tiles(m, LARGE) * tiles(n, LARGE) >= BUSY;
  }

  /** Whether sizes are in range; one of k = 0 is left to others. */
  static boolean areIn(long m, long n, long k) {
    return m >= LEAST_ROWS && n >= 1 && k >= 1 && m <= MOST && n <= MOST && k <= MOST && groups(false, m, n) <= MOST;
  }

  /** The groups to launch. */
  static long groups(boolean large, long m, long n) {
    int tile = large ? LARGE : SMALL;
    return tiles(tiles(m, tile), PANEL) * PANEL * tiles(n, tile);
  }

  private static long tiles(long size, int tile) {
    return (size + tile - 1) / tile;
  }
}
