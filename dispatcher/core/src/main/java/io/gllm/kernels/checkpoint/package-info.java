/**
 * Quantised weights of checkpoints: GPTQ, AWQ, SqueezeLLM, packed integers and two older block forms. One class per format holds its
 * layout and its decoding; SPEC/formats/checkpoints.md shows the fields.
 */
package io.gllm.kernels.checkpoint;
