/**
 * Runs every operator of a device against an oracle: {@link io.gllm.kernels.testkit.Conformance} is the engine and needs no test
 * framework, {@link io.gllm.kernels.testkit.BackendConformance} turns it into JUnit tests.
 */
package io.gllm.kernels.testkit;
