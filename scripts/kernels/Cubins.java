import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Assembles every FOLDER/*.ptx for the given architectures with nvPTXCompiler 12.0, which JCuda's natives carry: cubins of CUDA 12, which
 * drivers from 525 on load. Arguments: FOLDER sm_80 sm_86 ... Writes FOLDER/NAME.ARCH.cubin; fails if registers spill.
 */
public class Cubins {
  public static void main(String[] args) throws IOException {
    JNvPTXCompiler.setExceptionsEnabled(false);
    List<Path> texts = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of(args[0]))) {
      files.filter(file -> file.toString().endsWith(".ptx")).sorted().forEach(texts::add);
    }
    for (Path text : texts) {
      String name = text.getFileName().toString().replace(".ptx", "");
      byte[] source = (Files.readString(text) + '\0').getBytes(StandardCharsets.UTF_8);
      for (int i = 1; i < args.length; i++) {
        Files.write(text.resolveSibling(name + "." + args[i] + ".cubin"), assemble(name, source, args[i]));
      }
    }
  }

  private static byte[] assemble(String name, byte[] source, String architecture) {
    nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
    JNvPTXCompiler.nvPTXCompilerCreate(handle, source.length - 1, source);
    String[] options = {"--gpu-name=" + architecture, "--verbose"};
    int result = JNvPTXCompiler.nvPTXCompilerCompile(handle, options.length, options);
    if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
      throw new IllegalStateException(name + " " + architecture + ": " + nvPTXCompileResult.stringFor(result) + " " + log(handle, true));
    }
    String info = log(handle, false);
    if (!info.contains(" 0 bytes spill stores, 0 bytes spill loads")) {
      throw new IllegalStateException(name + " " + architecture + " spills: " + info);
    }
    long[] size = new long[1];
    JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(handle, size);
    byte[] cubin = new byte[(int) size[0]];
    JNvPTXCompiler.nvPTXCompilerGetCompiledProgram(handle, cubin);
    JNvPTXCompiler.nvPTXCompilerDestroy(handle);
    return cubin;
  }

  private static String log(nvPTXCompilerHandle handle, boolean error) {
    long[] size = new long[1];
    if (error) {
      JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size);
    } else {
      JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(handle, size);
    }
    byte[] text = new byte[(int) size[0] + 1];
    if (error) {
      JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, text);
    } else {
      JNvPTXCompiler.nvPTXCompilerGetInfoLog(handle, text);
    }
    return new String(text, StandardCharsets.UTF_8).trim();
  }
}
