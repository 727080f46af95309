package io.gllm.kernels.vulkan;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Vulkan with a memory: which calls were made and which objects are alive; and one call that fails instead of being made. */
final class RecordingCalls {
  private final VulkanCalls real = new LwjglCalls();
  private final List<String> fallible = new ArrayList<>();
  private final Map<String, Integer> alive = new TreeMap<>();
  private int failAt = -1;
  private int failure;
  private boolean lost;
  private String failed;

  /** The call with this number among those that can fail, from 0, answers {@code result}; a lost device stays lost. */
  RecordingCalls failing(int number, int result) {
    failAt = number;
    failure = result;
    return this;
  }

  VulkanCalls proxy() {
    return (VulkanCalls) Proxy.newProxyInstance(VulkanCalls.class.getClassLoader(), new Class<?>[]{VulkanCalls.class},
        (proxy, method, arguments) -> call(method, arguments));
  }

  /** The calls so far that can fail, in order. */
  synchronized List<String> fallible() {
    return List.copyOf(fallible);
  }

  /** The call that was made to fail, or null. */
  synchronized String failed() {
    return failed;
  }

  /** Numbers of objects that were created and not destroyed, by kind. */
  synchronized Map<String, Integer> alive() {
    return new TreeMap<>(alive);
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    String name = method.getName();
    boolean mayFail = method.getReturnType() == int.class;
    synchronized (this) {
      if (mayFail) {
        fallible.add(name);
        if (fallible.size() - 1 == failAt) {
          failed = name;
          lost = failure == VulkanResult.DEVICE_LOST;
          return failure;
        }
        if (lost && (name.equals("vkQueueSubmit") || name.equals("vkWaitSemaphores"))) {
          return VulkanResult.DEVICE_LOST;
        }
      }
      count(name, -1, "vkDestroy", "vkFree");
    }
    Object result;
    try {
      result = method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    if (mayFail && (int) result == 0) {
      synchronized (this) {
        count(name, 1, "vkCreate", "vkAllocate");
      }
    }
    return result;
  }

  private void count(String name, int by, String... prefixes) {
    for (String prefix : prefixes) {
      // Command buffers and descriptor sets go with their pools.
      if (name.startsWith(prefix) && !name.endsWith("CommandBuffers") && !name.endsWith("DescriptorSets")) {
        String kind = name.substring(prefix.length()).replace("ComputePipelines", "Pipeline");
        alive.merge(kind, by, (a, b) -> a + b == 0 ? null : a + b);
      }
    }
  }
}
