package io.gllm.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The team: every part runs exactly once, failures come back, two queues may share it. */
@Timeout(60)
class ThreadTeamTest {
  @Test
  void everyPartRunsOnce() {
    for (int size = 1; size <= 5; size++) {
      try (ThreadTeam team = new ThreadTeam(size)) {
        AtomicIntegerArray runs = new AtomicIntegerArray(size);
        for (int i = 0; i < 2_000; i++) {
          team.run((part, parts) -> runs.incrementAndGet(part));
        }
        for (int part = 0; part < size; part++) {
          assertEquals(2_000, runs.get(part), "part " + part + " of " + size);
        }
      }
    }
  }

  @Test
  void parkedMembersWakeUp() throws InterruptedException {
    try (ThreadTeam team = new ThreadTeam(3)) {
      AtomicIntegerArray runs = new AtomicIntegerArray(3);
      for (int i = 0; i < 20; i++) {
        Thread.sleep(5);
        team.run((part, parts) -> runs.incrementAndGet(part));
      }
      assertEquals(60, runs.get(0) + runs.get(1) + runs.get(2));
    }
  }

  @Test
  void aFailureOfAnyPartReachesTheCallerAndTheTeamGoesOn() {
    try (ThreadTeam team = new ThreadTeam(3)) {
      for (int failing = 0; failing < 3; failing++) {
        int f = failing;
        var e = assertThrows(IllegalStateException.class, () -> team.run((part, parts) -> {
          if (part == f) {
            throw new IllegalStateException("part " + f);
          }
        }));
        assertEquals("part " + f, e.getMessage());
      }
      AtomicIntegerArray runs = new AtomicIntegerArray(3);
      team.run((part, parts) -> runs.incrementAndGet(part));
      assertEquals(3, runs.get(0) + runs.get(1) + runs.get(2));
    }
  }

  @Test
  void aClosedTeamRefusesWork() {
    ThreadTeam team = new ThreadTeam(2);
    team.close();
    assertThrows(IllegalStateException.class, () -> team.run((part, parts) -> {}));
  }

  @Test
  void twoCallersAtOnceBothGetAllParts() throws InterruptedException {
    try (ThreadTeam team = new ThreadTeam(2)) {
      AtomicIntegerArray runs = new AtomicIntegerArray(4);
      Thread other = Thread.ofPlatform().start(() -> repeat(team, runs, 2));
      repeat(team, runs, 0);
      other.join();
      for (int i = 0; i < 4; i++) {
        assertEquals(5_000, runs.get(i));
      }
    }
  }

  private static void repeat(ThreadTeam team, AtomicIntegerArray runs, int offset) {
    for (int i = 0; i < 5_000; i++) {
      team.run((part, parts) -> runs.incrementAndGet(offset + part));
    }
  }

  @Test
  void partsCoverEverythingWithoutGaps() {
    for (long n : new long[]{0, 1, 2, 7, 64, 1_000_003}) {
      for (int parts = 1; parts <= 9; parts++) {
        assertEquals(0, CpuContext.start(n, 0, parts));
        assertEquals(n, CpuContext.start(n, parts, parts));
      }
    }
  }
}
