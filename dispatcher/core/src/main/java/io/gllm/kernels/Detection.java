package io.gllm.kernels;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Finds backends and chooses a device: CUDA, ROCm, Metal, Vulkan, CPU, in this order; devices that emulate a GPU in software come
 * after the CPU.
 */
final class Detection {
  private static final List<String> ORDER = List.of("cuda", "rocm", "metal", "vulkan", "cpu");

  private final Map<String, BackendProvider> providers;
  private final BackendConfig config;
  private final List<BackendState> states = new ArrayList<>();

  Detection(Map<String, BackendProvider> providers, BackendConfig config) {
    this.providers = providers;
    this.config = config;
  }

  /** A device and how it was found. */
  record Choice(Device device, SelectionReport report) {}

  /** The providers on the class path and module path, in order of preference; unknown names come last. */
  static Map<String, BackendProvider> installed() {
    Map<String, BackendProvider> found = new LinkedHashMap<>();
    try {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class, Detection.class.getClassLoader())) {
        found.put(provider.name(), provider);
      }
    } catch (ServiceConfigurationError e) {
      throw new KernelException("a backend on the class path cannot be loaded: " + e.getMessage(), e);
    }
    return ordered(found);
  }

  private static Map<String, BackendProvider> ordered(Map<String, BackendProvider> found) {
    Map<String, BackendProvider> ordered = new LinkedHashMap<>();
    for (String name : ORDER) {
      if (found.containsKey(name)) {
        ordered.put(name, found.get(name));
      }
    }
    found.forEach(ordered::putIfAbsent);
    return ordered;
  }

  /** Asks every backend, for a diagnosis. */
  List<BackendState> probeAll() {
    providers.values().forEach(this::probe);
    return List.copyOf(states);
  }

  /** The best device of the backend called {@code name}, or of all if null. */
  Choice choose(String name) {
    return name == null ? best() : named(name);
  }

  private Choice named(String name) {
    BackendProvider provider = providers.get(name);
    if (provider == null) {
      throw new BackendUnavailableException(name,
          new Rejection("no-such-backend", "installed are " + providers.keySet(), "use one of these, or add the backend's dependency"));
    }
    BackendState state = probe(provider);
    if (state.rejection() != null) {
      throw new BackendUnavailableException(name, state.rejection());
    }
    DeviceInfo device = state.devices().getFirst();
    return new Choice(provider.open(device, config), new SelectionReport(states, device, name));
  }

  private Choice best() {
    List<DeviceInfo> emulated = new ArrayList<>();
    for (BackendProvider provider : providers.values()) {
      for (DeviceInfo device : probe(provider).devices()) {
        if (device.software()) {
          emulated.add(device);
          continue;
        }
        Choice choice = tryOpen(provider, device);
        if (choice != null) {
          return choice;
        }
      }
    }
    for (DeviceInfo device : emulated) {
      Choice choice = tryOpen(providers.get(device.backend()), device);
      if (choice != null) {
        return choice;
      }
    }
    throw new BackendUnavailableException("auto", new Rejection("no-device", "no backend has a usable device: " + states,
        "add the dependency io.gllm:gllm-kernels, which brings the CPU backend"));
  }

  /** Opens a device; a failure becomes the backend's rejection, and the next device is tried. */
  private Choice tryOpen(BackendProvider provider, DeviceInfo device) {
    try {
      Device open = provider.open(device, config);
      return new Choice(open, new SelectionReport(states, device, null));
    } catch (KernelException e) {
      Rejection reason = new Rejection("open-failed", device.name() + ": " + e.getMessage(), "see the cause; another backend is used");
      states.replaceAll(s -> s.name().equals(provider.name()) ? new BackendState(s.name(), s.devices(), reason, s.notes()) : s);
      return null;
    }
  }

  private BackendState probe(BackendProvider provider) {
    BackendState state = ask(provider);
    states.add(state);
    return state;
  }

  private BackendState ask(BackendProvider provider) {
    if (provider.spiVersion() != BackendProvider.SPI_VERSION) {
      return new BackendState(provider.name(), List.of(),
          new Rejection("spi-version",
              "built for version " + provider.spiVersion() + " of the interface, this is " + BackendProvider.SPI_VERSION,
              "use the same version of all gllm-kernels artifacts"),
          List.of());
    }
    try {
      Probe probe = provider.probe(config);
      return new BackendState(provider.name(), probe.devices(), probe.rejection(), provider.notes());
    } catch (RuntimeException | LinkageError e) {
      if (e instanceof IllegalArgumentException misuse) {
        throw misuse;
      }
      return new BackendState(provider.name(), List.of(),
          new Rejection("probe-failed", e.toString(), "report this; another backend is used"), List.of());
    }
  }
}
