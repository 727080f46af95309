/**
 * Runs every operator of a device against an oracle: {@link io.gllm.kernels.testkit.Conformance} is the engine and needs no test
 * framework, {@link io.gllm.kernels.testkit.BackendConformance} turns it into JUnit tests. The probe of a backend is tested without
 * its hardware by {@link io.gllm.kernels.testkit.ProbeConformance}, also JUnit tests.
 */
package io.gllm.kernels.testkit;
