package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.lwjgl.vulkan.VK10;

/** The validation layer hears what the other tests rely on: that silence means something. */
class ValidationTest {
  private static final Logger LOG = Logger.getLogger(VulkanInstance.class.getName());

  @Test
  void aMissingBarrierIsHeard() {
    VulkanCalls real = new LwjglCalls();
    VulkanCalls withoutBarriers = (VulkanCalls) Proxy.newProxyInstance(VulkanCalls.class.getClassLoader(),
        new Class<?>[]{VulkanCalls.class},
        (proxy, method, arguments) -> method.getName().equals("vkCmdPipelineBarrier") ? null : method.invoke(real, arguments));
    LOG.setLevel(Level.OFF);
    List<String> messages = run(withoutBarriers);
    LOG.setLevel(null);
    assertTrue(messages.stream().anyMatch(message -> message.contains("SYNC-HAZARD-READ-AFTER-WRITE")
        || message.contains("SYNC-HAZARD-READ_AFTER_WRITE")), messages.toString());
  }

  @Test
  void withBarriersThereIsNothingToHear() {
    assertEquals(List.of(), run(new LwjglCalls()));
  }

  private static List<String> run(VulkanCalls calls) {
    VulkanDevice device = Llvmpipe.open(calls, Llvmpipe.VALIDATED);
    try (device; VulkanQueue queue = (VulkanQueue) device.openQueue(Numerics.FAST)) {
      Buffer x = Words.buffer(device, DType.I32, 64);
      Buffer y = Words.buffer(device, DType.I32, 64);
      Launch turn = queue.prepare("turn");
      turn.buffer(x).buffer(y).value(64).groups(1);
      turn.buffer(y).buffer(x).value(64).groups(1);
      queue.sync();
    }
    return device.validationMessages();
  }

  @Test
  void aMissingLayerIsNamed() {
    RecordingCalls calls = new RecordingCalls().failing(0, VK10.VK_ERROR_LAYER_NOT_PRESENT);
    KernelException e = assertThrows(KernelException.class, () -> Llvmpipe.open(calls.proxy(), Llvmpipe.VALIDATED));
    assertTrue(e.getMessage().contains("VK_LAYER_KHRONOS_validation"), e.getMessage());
  }

  @Test
  void optionsAreReadAndWrongOnesRefused() {
    Map<String, String> environment = Map.of("HOME", "/home/a");
    assertTrue(VulkanOptions.of(config("vulkan.validation", "true"), environment).validation());
    assertEquals(null, VulkanOptions.of(config("vulkan.cache", "off"), environment).cacheFolder());
    assertTrue(VulkanOptions.of(BackendConfig.DEFAULT, environment).cacheFolder().endsWith("gllm-kernels"));
    assertThrows(IllegalArgumentException.class, () -> VulkanOptions.of(config("vulkan.cache", "no"), environment));
    assertThrows(IllegalArgumentException.class, () -> VulkanOptions.of(config("vulkan.validation", "yes"), environment));
  }

  private static BackendConfig config(String key, String value) {
    return new BackendConfig(Map.of(key, value));
  }
}
