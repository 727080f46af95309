/** The closed operator set: for each operator its name, argument check, cost, error bound and kernel signature. */
package io.gllm.kernels.api.op;
