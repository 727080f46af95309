package io.gllm.kernels.metal;

import java.util.function.ToLongFunction;

/** The names of all messages, registered once. */
final class Selectors {
  final long utf8String;
  final long localizedDescription;
  final long name;
  final long supportsFamily;
  final long recommendedMaxWorkingSetSize;
  final long maxBufferLength;
  final long newLibraryWithData;
  final long stringWithUtf8String;
  final long newFunctionWithName;
  final long newComputePipelineState;
  final long maxTotalThreadsPerThreadgroup;
  final long threadExecutionWidth;
  final long newCommandQueue;
  final long newBufferWithLength;
  final long contents;
  final long commandBuffer;
  final long computeCommandEncoder;
  final long setComputePipelineState;
  final long setBuffer;
  final long setBytes;
  final long dispatchThreadgroups;
  final long endEncoding;
  final long commit;
  final long waitUntilCompleted;
  final long status;
  final long error;
  final long retain;
  final long release;

  Selectors(ToLongFunction<String> register) {
    utf8String = register.applyAsLong("UTF8String");
    localizedDescription = register.applyAsLong("localizedDescription");
    name = register.applyAsLong("name");
    supportsFamily = register.applyAsLong("supportsFamily:");
    recommendedMaxWorkingSetSize = register.applyAsLong("recommendedMaxWorkingSetSize");
    maxBufferLength = register.applyAsLong("maxBufferLength");
    newLibraryWithData = register.applyAsLong("newLibraryWithData:error:");
    stringWithUtf8String = register.applyAsLong("stringWithUTF8String:");
    newFunctionWithName = register.applyAsLong("newFunctionWithName:");
    newComputePipelineState = register.applyAsLong("newComputePipelineStateWithFunction:error:");
    maxTotalThreadsPerThreadgroup = register.applyAsLong("maxTotalThreadsPerThreadgroup");
    threadExecutionWidth = register.applyAsLong("threadExecutionWidth");
    newCommandQueue = register.applyAsLong("newCommandQueue");
    newBufferWithLength = register.applyAsLong("newBufferWithLength:options:");
    contents = register.applyAsLong("contents");
    commandBuffer = register.applyAsLong("commandBuffer");
    computeCommandEncoder = register.applyAsLong("computeCommandEncoder");
    setComputePipelineState = register.applyAsLong("setComputePipelineState:");
    setBuffer = register.applyAsLong("setBuffer:offset:atIndex:");
    setBytes = register.applyAsLong("setBytes:length:atIndex:");
    dispatchThreadgroups = register.applyAsLong("dispatchThreadgroups:threadsPerThreadgroup:");
    endEncoding = register.applyAsLong("endEncoding");
    commit = register.applyAsLong("commit");
    waitUntilCompleted = register.applyAsLong("waitUntilCompleted");
    status = register.applyAsLong("status");
    error = register.applyAsLong("error");
    retain = register.applyAsLong("retain");
    release = register.applyAsLong("release");
  }
}
