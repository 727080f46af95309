package io.gllm.kernels.rocm;

/** A signal that one packet or copy brings from 1 to 0, used again after {@link #reset}. */
final class Completion {
  private final HsaCalls calls;
  private final PacketQueue packets;
  private final long signal;
  private boolean armed;

  Completion(HsaCalls calls, PacketQueue packets) {
    this.calls = calls;
    this.packets = packets;
    this.signal = calls.createSignal(1);
  }

  /** The signal, for what may still be refused; {@link #arm} follows if it was not. */
  long signal() {
    return signal;
  }

  /** The signal, for something that completes it. */
  long arm() {
    armed = true;
    return signal;
  }

  /** Waits for what it was given to, if anything. */
  void await() {
    if (armed) {
      packets.await(signal);
    }
  }

  /** Waits, and makes it ready for the next one; nothing else looks at the signal any more. */
  void reset() {
    if (armed) {
      packets.await(signal);
      calls.store(signal, 1);
      armed = false;
    }
  }

  void close(Closing closing) {
    closing.step(() -> calls.destroySignal(signal));
  }
}
