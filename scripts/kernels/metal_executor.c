// Runs AIR kernels that scripts/kernels/metal-executor compiled for this machine: a group at a time, its threads as fibers that are
// switched at barriers. Strict where a GPU is silent: every access is inside the buffer that it names, nothing writes what the module
// announces as read only, threadgroup memory is read only after a write and has no races, and all threads reach the same barrier.
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "metal_executor.h"

enum { STACK = 64 << 10, MOST_THREADS = 1024, MOST_SHARED_WORDS = 8192, MANY = -1 };
enum { RUNNING, WAITING, DONE };

// Saves the callee-saved registers on the stack, swaps stacks, restores.
void gllm_switch(void** from, void* to);
__asm__(".text\n.globl gllm_switch\n.hidden gllm_switch\n.type gllm_switch,@function\ngllm_switch:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\nmovq %rsp,(%rdi)\nmovq %rsi,%rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");

static struct fiber { void* sp; char* stack; int state; uint32_t site; } fibers[MOST_THREADS];
static struct trace { uint32_t group, write_epoch, read_epoch; int writer, reader; } traces[MOST_SHARED_WORDS];
static const struct gllm_kernel* kernel;
static void** buffers;
static const uint64_t* sizes;
static const void* parameters;
static void* scheduler;
static uint32_t group[3], group_number, epoch;
static int thread;
static char message[400];

const char* gllm_error(void) { return message; }

static void leave(void) { gllm_switch(&fibers[thread].sp, scheduler); }

static void fail(const char* format, ...) {
  va_list rest;
  va_start(rest, format);
  int n = vsnprintf(message, sizeof message, format, rest);
  va_end(rest);
  snprintf(message + n, sizeof message - n, " (group %u,%u,%u thread %d)", group[0], group[1], group[2], thread);
  fibers[thread].state = DONE;
  leave();
  __builtin_trap();
}

void gllm_barrier(uint32_t site) {
  fibers[thread].state = WAITING;
  fibers[thread].site = site;
  leave();
}

// The pointer comes from one of the parameters whose bits are set.
void gllm_device(uint64_t address, uint32_t parameters_of_origin, uint32_t store) {
  uint32_t last = 0;
  for (uint32_t i = 0; i < kernel->arguments; i++) {
    if (!(parameters_of_origin >> i & 1)) continue;
    uint64_t at = address - (uint64_t)buffers[kernel->locations[i]], size = sizes[kernel->locations[i]];
    last = i;
    if (at >= size || size - at < 4) continue;
    if (store && !kernel->writable[i]) fail("store to buffer %u, which is read only", i);
    return;
  }
  fail("%s outside buffer %u: byte %lld of %llu", store ? "store" : "load", last,
       (long long)(address - (uint64_t)buffers[kernel->locations[last]]), (unsigned long long)sizes[kernel->locations[last]]);
}

void gllm_constant(uint64_t address) {
  uint64_t at = address - (uint64_t)parameters;
  if (at + 4 > kernel->parameter_bytes) fail("load outside the parameters: byte %lld of %u", (long long)at, kernel->parameter_bytes);
}

void gllm_shared(uint64_t address, uint32_t store) {
  uint32_t word = 0, i = 0;
  for (; i < kernel->shared_count && address - kernel->shared[i].address >= kernel->shared[i].bytes; i++) word += kernel->shared[i].bytes / 4;
  if (i == kernel->shared_count) fail("%s outside threadgroup memory", store ? "store" : "load");
  struct trace* t = &traces[word + (address - kernel->shared[i].address) / 4];
  if (t->group != group_number) {
    if (!store) fail("threadgroup memory read before it was written: array %u byte %llu", i, (unsigned long long)(address - kernel->shared[i].address));
    *t = (struct trace){.group = group_number};
  }
  if (t->write_epoch == epoch && t->writer != thread) fail("race: threadgroup memory %s after a write by thread %d", store ? "written" : "read", t->writer);
  if (!store) {
    t->reader = t->read_epoch == epoch && t->reader != thread ? MANY : thread;
    t->read_epoch = epoch;
    return;
  }
  if (t->read_epoch == epoch && t->reader != thread) fail("race: threadgroup memory written after a read by thread %d", t->reader);
  t->write_epoch = epoch;
  t->writer = thread;
}

static void enter(void) {
  uint64_t arguments[GLLM_MOST_ARGUMENTS];
  for (uint32_t i = 0; i < kernel->arguments; i++) {
    switch (kernel->kinds[i]) {
      case GLLM_BUFFER: arguments[i] = (uint64_t)buffers[kernel->locations[i]]; break;
      case GLLM_PARAMETERS: arguments[i] = (uint64_t)parameters; break;
      case GLLM_GROUP: arguments[i] = (uint64_t)group; break;
      default: arguments[i] = (uint64_t)&thread;
    }
  }
  kernel->call(arguments);
  fibers[thread].state = DONE;
  leave();
  __builtin_trap();
}

static int start(int threads) {
  for (int i = 0; i < threads; i++) {
    struct fiber* f = &fibers[i];
    if (!f->stack) f->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (f->stack == MAP_FAILED) { f->stack = NULL; snprintf(message, sizeof message, "no memory for fibers"); return 0; }
    void** sp = (void**)(f->stack + STACK);
    *--sp = NULL;
    *--sp = (void*)enter;
    for (int k = 0; k < 6; k++) *--sp = NULL;
    f->sp = sp;
    f->state = RUNNING;
  }
  for (uint32_t i = 0; i < kernel->shared_count; i++) memset((void*)kernel->shared[i].address, 0xff, kernel->shared[i].bytes);
  return 1;
}

static int run_group(int threads) {
  if (!start(threads)) return 1;
  for (;;) {
    int waiting = 0;
    uint32_t site = 0;
    epoch++;
    for (thread = 0; thread < threads; thread++) {
      if (fibers[thread].state == RUNNING) gllm_switch(&scheduler, fibers[thread].sp);
      if (message[0]) return 1;
    }
    for (int i = 0; i < threads; i++) {
      if (fibers[i].state == DONE) continue;
      if (waiting++ && site != fibers[i].site) { snprintf(message, sizeof message, "threads wait at different barriers"); return 1; }
      site = fibers[i].site;
      fibers[i].state = RUNNING;
    }
    if (waiting == 0) return 0;
    if (waiting < threads) { snprintf(message, sizeof message, "barrier reached by %d of %d threads", waiting, threads); return 1; }
  }
}

int gllm_run(const struct gllm_kernel* what, void** b, const uint64_t* bytes, const void* p, uint32_t gx, uint32_t gy, uint32_t gz, uint32_t threads) {
  message[0] = 0;
  if (threads == 0 || threads > MOST_THREADS) { snprintf(message, sizeof message, "%u threads", threads); return 1; }
  kernel = what; buffers = b; sizes = bytes; parameters = p;
  for (group[2] = 0; group[2] < gz; group[2]++)
    for (group[1] = 0; group[1] < gy; group[1]++)
      for (group[0] = 0; group[0] < gx; group[0]++) {
        if (++group_number == 0) { memset(traces, 0, sizeof traces); group_number = 1; }
        if (run_group((int)threads)) return 1;
      }
  return 0;
}
