package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stand-in reports mistakes of host code that Metal would answer with an exception, a crash or a leak. */
class StandInMetalTest {
  private final StandInMetal metal = new StandInMetal((symbol, buffers, parameters, gx, gy, gz, threads) -> {
    throw new AssertionError("launched " + symbol);
  });
  private final Arena arena = Arena.ofConfined();
  private MetalCalls calls;
  private long pool;
  private long device;
  private long commands;
  private long encoder;

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64") && !System.getProperty("os.name").startsWith("Windows"));
    calls = new MetalCalls(metal);
    pool = calls.push();
    device = calls.systemDevice();
    commands = calls.commandBuffer(calls.newQueue(device));
    encoder = calls.encoder(commands);
    assertEquals(List.of(), metal.failures);
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private void reported(String failure) {
    assertTrue(metal.failures.stream().anyMatch(line -> line.contains(failure)), metal.failures.toString());
  }

  @Test
  void useAfterRelease() {
    calls.release(device);
    calls.release(device);
    reported("release: sent to a released Device");
  }

  @Test
  void anObjectOfThePoolReleasedByHand() {
    calls.endEncoding(encoder);
    calls.release(encoder);
    calls.pop(pool);
    reported("over-release of Encoder");
  }

  @Test
  void noPool() {
    calls.pop(pool);
    calls.name(device);
    reported("String autoreleased without a pool");
  }

  @Test
  void somethingForgotten() {
    calls.newBuffer(device, 16);
    calls.endEncoding(encoder);
    calls.pop(pool);
    assertEquals(List.of("Buffer", "Device", "Queue"), metal.live());
  }

  @Test
  void anEncoderThatWasNotEnded() {
    calls.commit(commands);
    reported("committed while an encoder is open");
    calls.pop(pool);
    reported("released without endEncoding");
  }

  @Test
  void waitingForWhatWasNotCommitted() {
    calls.await(commands);
    reported("not committed");
  }

  @Test
  void wrongIndexesOffsetsAndSizes() {
    long buffer = calls.newBuffer(device, 16);
    calls.setBuffer(encoder, buffer, 0, 31);
    reported("index 31");
    calls.setBuffer(encoder, buffer, 16, 0);
    reported("offset 16 of 16 bytes");
    calls.setBuffer(encoder, buffer, 2, 0);
    reported("not a multiple of 4");
    calls.setBytes(encoder, arena.allocate(8).address(), 4097, 0);
    reported("length 4097");
    calls.newBuffer(device, 0);
    reported("buffer of 0 bytes");
    calls.setBuffer(encoder, device, 0, 0);
    reported("other object, Device, in place of Buffer");
  }

  @Test
  void dispatchesWithoutWhatTheyNeed() {
    MemorySegment one = arena.allocate(MetalCalls.SIZE).fill((byte) 0);
    calls.dispatch(encoder, one, one);
    reported("no pipeline is set");
    calls.endEncoding(encoder);
    calls.dispatch(encoder, one, one);
    reported("the encoder has ended");
  }
}
