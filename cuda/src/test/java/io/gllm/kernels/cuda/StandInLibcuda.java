package io.gllm.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.spi.Machine;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A shared library that says it is libcuda.so.1 and whose functions are the methods of a {@link StandInDriver}: each jumps through a
 * table that is filled with upcalls. Loaded before JCuda's library, it satisfies the dependency of that, so the backend runs to the
 * driver's boundary as it is. There is one in a process; each test puts its own driver behind it.
 */
final class StandInLibcuda {
  private static final List<String> COMPILERS = List.of("clang-19", "gcc", "cc", "clang");
  private static final List<Method> METHODS = Stream.of(StandInDriver.class, StandInStreams.class)
      .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
      .filter(method -> method.getName().startsWith("cu") && Modifier.isPublic(method.getModifiers()))
      .sorted(Comparator.comparing(Method::getName)).toList();
  private static final MethodHandle DISPATCH;

  static {
    try {
      DISPATCH = MethodHandles.lookup().findStatic(StandInLibcuda.class, "dispatch",
          MethodType.methodType(int.class, Method.class, Object[].class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static Machine machine;
  private static MemorySegment table;
  private static volatile StandInDriver current;

  private StandInLibcuda() {}

  /**
   * Puts {@code driver} behind the library, and gives a probe of a machine that has it. Skips the test where the library cannot be
   * built, unless GLLM_REQUIRE names it.
   */
  static synchronized CudaProbe install(StandInDriver driver, CudaBlobs blobs) {
    if (machine == null) {
      machine = build();
    }
    current = driver;
    return new CudaProbe(machine, () -> true, path -> SymbolLookup.libraryLookup(path, Arena.global()), JCudaLibrary::missing, () -> blobs);
  }

  /** Replaces one function by a method without its bookkeeping, until {@link #restore}. */
  static void replace(String function, MethodHandle target) {
    table.setAtIndex(ADDRESS, index(function), stub(target));
  }

  /** Undoes {@link #replace}. */
  static void restore(String function) {
    table.setAtIndex(ADDRESS, index(function), stub(METHODS.get(index(function))));
  }

  private static int index(String function) {
    return METHODS.stream().map(Method::getName).toList().indexOf(function);
  }

  private static int dispatch(Method method, Object[] arguments) {
    StandInDriver driver = current;
    synchronized (driver) {
      try {
        int refusal = driver.before(method.getName());
        return refusal != 0 ? refusal : (int) method.invoke(driver, arguments);
      } catch (InvocationTargetException e) {
        driver.failures.add(e.getCause());
      } catch (Throwable t) {
        driver.failures.add(t); // native code cannot unwind
      }
      return StandInResult.UNKNOWN;
    }
  }

  private static Machine build() {
    Machine here = Machine.current();
    Optional<String> compiler = here.platform().equals("linux-x86_64") ? compiler() : Optional.empty();
    boolean required = System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("libcuda-stand-in");
    Assumptions.assumeTrue(required || compiler.isPresent(), "needs Linux on x86-64 and one of " + COMPILERS);
    try {
      Path root = Files.createDirectories(Path.of("target", "stand-in")).toAbsolutePath();
      Path device = root.resolve("dev").resolve("nvidiactl");
      Path library = root.resolve("usr").resolve("lib").resolve("x86_64-linux-gnu").resolve("libcuda.so.1");
      Files.createDirectories(device.getParent());
      Files.createDirectories(library.getParent());
      Files.write(device, new byte[0]);
      compile(compiler.orElseThrow(), library);
      fill(library);
      return new Machine(here.os(), here.arch(), root, Map.of());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("the stand-in for libcuda.so.1 cannot be built", e);
    }
  }

  private static Optional<String> compiler() {
    List<String> folders = List.of(System.getenv().getOrDefault("PATH", "").split(":"));
    return COMPILERS.stream().filter(name -> folders.stream().anyMatch(folder -> Files.isExecutable(Path.of(folder, name)))).findFirst();
  }

  private static void compile(String compiler, Path library) throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder(".bss\n.balign 8\ntable: .skip " + 8 * METHODS.size()
        + "\n.text\n.globl stand_in_table\n.type stand_in_table,@function\nstand_in_table: leaq table(%rip),%rax\n ret\n");
    for (int i = 0; i < METHODS.size(); i++) {
      String name = METHODS.get(i).getName();
      text.append(".globl " + name + "\n.type " + name + ",@function\n" + name + ": jmp *table+" + 8 * i + "(%rip)\n");
    }
    text.append(".section .note.GNU-stack,\"\",@progbits\n");
    Path source = Files.writeString(library.resolveSibling("stand-in.s"), text);
    List<String> command = new ArrayList<>(List.of(compiler, "-shared", "-nostdlib", "-Wl,-soname,libcuda.so.1", "-o", library.toString(),
        source.toString()));
    if (compiler.equals("clang-19")) {
      command.add(1, "-fuse-ld=lld-19");
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IllegalStateException(command + ": " + output);
    }
  }

  private static void fill(Path library) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    Linker linker = Linker.nativeLinker();
    try {
      MethodHandle where = linker.downcallHandle(symbols.findOrThrow("stand_in_table"), FunctionDescriptor.of(JAVA_LONG));
      table = MemorySegment.ofAddress((long) where.invokeExact()).reinterpret(8L * METHODS.size());
    } catch (Throwable t) {
      throw new IllegalStateException("the stand-in has no table", t);
    }
    for (int i = 0; i < METHODS.size(); i++) {
      table.setAtIndex(ADDRESS, i, stub(METHODS.get(i)));
    }
  }

  private static MemorySegment stub(Method method) {
    MethodType type = MethodType.methodType(int.class, method.getParameterTypes());
    return stub(DISPATCH.bindTo(method).asCollector(Object[].class, type.parameterCount()).asType(type));
  }

  private static MemorySegment stub(MethodHandle target) {
    MemoryLayout[] layouts = target.type().parameterList().stream().map(StandInLibcuda::layout).toArray(MemoryLayout[]::new);
    return Linker.nativeLinker().upcallStub(target, FunctionDescriptor.of(JAVA_INT, layouts), Arena.global());
  }

  private static MemoryLayout layout(Class<?> type) {
    return type == long.class ? JAVA_LONG : type == byte.class ? JAVA_BYTE : JAVA_INT;
  }
}
