package io.gllm.kernels.api.spi;

/**
 * Why a backend, a tier or a kernel is not used.
 *
 * <p>Codes of the backends' probes, in the order of their checks: {@code unsupported-system}, {@code no-driver} (device file
 * missing), {@code no-permission}, {@code no-library}, {@code no-jcuda}, {@code native-access-disabled}, {@code library-unusable},
 * {@code missing-symbol}, {@code driver-too-old}, {@code driver-error}, {@code no-device}, {@code no-kernels}.
 *
 * @param code stable short name of the reason, for programs
 * @param seen what was found on this machine, for people
 * @param fix what to do about it, for people
 */
public record Rejection(String code, String seen, String fix) {
  /**
   * Native access, which a driver needs, is not enabled for a module: the first native call would print a warning or fail.
   *
   * @param module the module that would make the call
   * @param seen what was found so far
   */
  public static Rejection nativeAccessDisabled(Module module, String seen) {
    String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
    return new Rejection("native-access-disabled", seen + ", but native access of Java is not enabled for " + name,
        "start java with --enable-native-access=" + name);
  }
}
