// Runs AIR kernels that scripts/kernels/metal-executor compiled for this machine: a group at a time, its threads as fibers that are
// switched at barriers. Strict where a GPU is silent: every access is inside the buffer that it names and at a multiple of its size,
// nothing writes what the module announces as read only, threadgroup memory is read only after a write and has no races, all threads
// reach the same barrier, and all lanes of a SIMD group do together what they must do together, with the same operands. A matrix is a
// number: that of the operation of its SIMD group that made it. What a matrix is loaded from or stored to counts as accesses of no lane
// in particular, so a SIMD barrier has to be in between even of two of them.
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "metal_executor.h"

enum { STACK = 64 << 10, MOST_THREADS = 1024, MOST_SHARED_WORDS = 8192, MANY = -1 };
enum { RUNNING, WAITING, TOGETHER, DONE };

// Saves the callee-saved registers on the stack, swaps stacks, restores.
void gllm_switch(void** from, void* to);
__asm__(".text\n.globl gllm_switch\n.hidden gllm_switch\n.type gllm_switch,@function\ngllm_switch:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\nmovq %rsp,(%rdi)\nmovq %rsi,%rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");

enum { LANES = 32, MOST_SIMDS = MOST_THREADS / LANES };
enum what { SYNC, SUM, XOR, FILL, LOAD, STORE, MULTIPLY };

struct request { enum what what; uint32_t site, operands[3]; uint64_t address, pitch; float value, result; };
static struct fiber { void* sp; char* stack; int state; uint32_t site, done; struct request request; } fibers[MOST_THREADS];
// The last accesses of a word of threadgroup memory: when, in barriers of the group and of the SIMD group, and by whom: a thread, a SIMD
// group as a whole (MOST_THREADS + its number), or several.
static struct trace { uint32_t group, write_epoch, read_epoch, write_sync, read_sync; int writer, reader; } traces[MOST_SHARED_WORDS];
static struct simd { struct matrix { struct request of; float v[64]; int bytes; }* made; uint32_t count, room, sync; } simds[MOST_SIMDS];
static const struct gllm_kernel* kernel;
static void** buffers;
static const uint64_t* sizes;
static const void* parameters;
static void* scheduler;
static uint32_t group[3], group_number, epoch;
static int thread, lane, simd;
static char message[400];

const char* gllm_error(void) { return message; }

static void leave(void) { gllm_switch(&fibers[thread].sp, scheduler); }

static int report(const char* format, ...) {
  va_list rest;
  va_start(rest, format);
  int n = vsnprintf(message, sizeof message, format, rest);
  va_end(rest);
  snprintf(message + n, sizeof message - n, " (group %u,%u,%u thread %d)", group[0], group[1], group[2], thread);
  return 0;
}

// Ends the thread, and with it the launch.
static void stop(void) {
  fibers[thread].state = DONE;
  leave();
  __builtin_trap();
}

static void wait(int state, uint32_t site) {
  fibers[thread].state = state;
  fibers[thread].site = site;
  leave();
}

void gllm_barrier(uint32_t site) { wait(WAITING, site); }

// The pointer comes from one of the parameters whose bits are set.
void gllm_device(uint64_t address, uint32_t parameters_of_origin, uint32_t store, uint32_t bytes) {
  uint32_t last = 0;
  if (address % bytes != 0) { report("%s of %u bytes at another multiple", store ? "store" : "load", bytes); stop(); }
  for (uint32_t i = 0; i < kernel->arguments; i++) {
    if (!(parameters_of_origin >> i & 1)) continue;
    uint64_t at = address - (uint64_t)buffers[kernel->locations[i]], size = sizes[kernel->locations[i]];
    last = i;
    if (at >= size || size - at < bytes) continue;
    if (store && !kernel->writable[i]) { report("store to buffer %u, which is read only", i); stop(); }
    return;
  }
  report("%s outside buffer %u: byte %lld of %llu", store ? "store" : "load", last,
         (long long)(address - (uint64_t)buffers[kernel->locations[last]]), (unsigned long long)sizes[kernel->locations[last]]);
  stop();
}

void gllm_constant(uint64_t address) {
  uint64_t at = address - (uint64_t)parameters;
  if (at + 4 > kernel->parameter_bytes) { report("load outside the parameters: byte %lld of %u", (long long)at, kernel->parameter_bytes); stop(); }
}

static int simd_of(int who) { return who >= MOST_THREADS ? who - MOST_THREADS : who / LANES; }

// Whether a barrier, or the order within one thread, is between an access of this epoch and one now.
static int ordered(int before, uint32_t sync, int who) {
  return (before == who && who < MOST_THREADS) || (before != MANY && simd_of(before) == simd_of(who) && sync != simds[simd_of(who)].sync);
}

static int shared_word(uint64_t address, uint32_t store, int who) {
  uint32_t word = 0, i = 0;
  for (; i < kernel->shared_count && address - kernel->shared[i].address >= kernel->shared[i].bytes; i++) word += kernel->shared[i].bytes / 4;
  if (i == kernel->shared_count) return report("%s outside threadgroup memory", store ? "store" : "load");
  struct trace* t = &traces[word + (address - kernel->shared[i].address) / 4];
  uint32_t now = simds[simd_of(who)].sync;
  if (t->group != group_number) {
    if (!store) return report("threadgroup memory read before it was written: array %u byte %llu", i, (unsigned long long)(address - kernel->shared[i].address));
    *t = (struct trace){.group = group_number};
  }
  if (t->write_epoch == epoch && !ordered(t->writer, t->write_sync, who)) {
    return report("race: threadgroup memory %s after a write by thread %d", store ? "written" : "read", t->writer);
  }
  if (!store) {
    int alone = t->read_epoch != epoch || t->reader == who || ordered(t->reader, t->read_sync, who);
    int together = t->reader != MANY && simd_of(t->reader) == simd_of(who);
    t->reader = alone ? who : together ? MOST_THREADS + simd_of(who) : MANY;
    t->read_epoch = epoch;
    t->read_sync = now;
    return 1;
  }
  if (t->read_epoch == epoch && !ordered(t->reader, t->read_sync, who)) {
    return report("race: threadgroup memory written after a read by thread %d", t->reader);
  }
  t->write_epoch = epoch;
  t->write_sync = now;
  t->writer = who;
  return 1;
}

void gllm_shared(uint64_t address, uint32_t store, uint32_t bytes) {
  if (address % bytes != 0) { report("%s of %u bytes at another multiple", store ? "store" : "load", bytes); stop(); }
  for (uint32_t i = 0; i < bytes; i += 4) if (!shared_word(address + i, store, thread)) stop();
}

// Where element i of a matrix is in threadgroup memory.
static uint64_t place(const struct request* r, int bytes, int i) {
  uint64_t row = i / 8, column = i % 8;
  return r->address + bytes * (r->operands[0] ? column * r->pitch + row : row * r->pitch + column);
}

static const struct matrix* made(const struct simd* s, uint32_t number) {
  if (number == 0 || number > s->count || s->made[number - 1].bytes == 0) { report("an operand that is no matrix"); return NULL; }
  return &s->made[number - 1];
}

static int multiply(const struct simd* s, const uint32_t* operands, float* to) {
  const struct matrix *a = made(s, operands[0]), *b = made(s, operands[1]), *c = made(s, operands[2]);
  if (!a || !b || !c) return 0;
  for (int r = 0; r < 8; r++) {
    float sum[8];
    memcpy(sum, c->v + r * 8, sizeof sum);
    for (int k = 0; k < 8; k++) for (int n = 0; n < 8; n++) sum[n] += a->v[r * 8 + k] * b->v[k * 8 + n];
    memcpy(to + r * 8, sum, sizeof sum);
  }
  return 1;
}

static int load(int who, const struct request* r, int bytes, float* to) {
  for (int i = 0; i < 64; i++) {
    uint64_t at = place(r, bytes, i);
    if (!shared_word(at & -4ull, 0, who)) return 0;
    to[i] = bytes == 4 ? *(float*)at : (float)*(__fp16*)at;
  }
  return 1;
}

static int store(int who, const struct request* r, const struct matrix* m) {
  for (int i = 0; m && i < 64; i++) {
    if (!shared_word(place(r, 4, i), 1, who)) return 0;
    *(float*)place(r, 4, i) = m->v[i];
  }
  return m != NULL;
}

// The next operation of a SIMD group with matrices; its number.
static uint32_t make(struct simd* s, int who, const struct request* r) {
  if (s->count == s->room) {
    s->room = s->room ? 2 * s->room : 1024;
    s->made = realloc(s->made, s->room * sizeof *s->made);
    if (!s->made) { s->room = s->count = 0; report("no memory for matrices"); return 0; }
  }
  struct matrix m = {.of = *r, .bytes = 4};
  int good = 1;
  switch (r->what) {
    case FILL: for (int i = 0; i < 64; i++) m.v[i] = r->value; break;
    case LOAD: m.bytes = (int)r->operands[1]; good = load(who, r, m.bytes, m.v); break;
    case STORE: m.bytes = 0; good = store(who, r, made(s, r->operands[1])); break;
    default: good = multiply(s, r->operands, m.v);
  }
  s->made[s->count] = m;
  return good ? ++s->count : 0;
}

// Every lane asks for the operations in the same order; the first lane has it done.
static uint32_t matrix(struct request r) {
  struct simd* s = &simds[simd];
  struct fiber* f = &fibers[thread];
  uint32_t number = ++f->done;
  if (number > s->count) {
    if (!make(s, MOST_THREADS + thread / LANES, &r)) stop();
  } else {
    const struct request* first = &s->made[number - 1].of;
    if (first->site != r.site || first->address != r.address || first->pitch != r.pitch || memcmp(first->operands, r.operands, sizeof r.operands)) {
      report("lanes of a SIMD group differ in a matrix operation");
      stop();
    }
  }
  return number;
}

// Waits until all lanes of the SIMD group are here.
static struct request* meet(struct request r) {
  fibers[thread].request = r;
  wait(TOGETHER, r.site);
  simd = thread / LANES;
  return &fibers[thread].request;
}

void gllm_simd_barrier(uint32_t site) { meet((struct request){SYNC, site}); }
float gllm_simd_sum(uint32_t site, float value) { return meet((struct request){SUM, site, .value = value})->result; }
float gllm_simd_xor(uint32_t site, float value, uint32_t by) { return meet((struct request){XOR, site, {by}, .value = value})->result; }
uint32_t gllm_fill(uint32_t site, float value) { simd = thread / LANES; return matrix((struct request){FILL, site, .value = value}); }

uint32_t gllm_load(uint32_t site, uint64_t address, uint64_t pitch, uint32_t turned, uint32_t bytes) {
  return matrix(*meet((struct request){LOAD, site, {turned, bytes}, address, pitch}));
}

void gllm_store(uint32_t site, uint32_t number, uint64_t address, uint64_t pitch) {
  matrix(*meet((struct request){STORE, site, {0, number}, address, pitch}));
}

uint32_t gllm_multiply(uint32_t site, uint32_t a, uint32_t b, uint32_t c) {
  simd = thread / LANES;
  return matrix((struct request){MULTIPLY, site, {a, b, c}});
}

// Whether a SIMD group whose lanes have met goes on; with a message if some lanes are elsewhere.
static int release(int number, int threads) {
  struct fiber* f = &fibers[number * LANES];
  int here = 0;
  for (int i = 0; i < LANES && number * LANES + i < threads; i++) here += f[i].state == TOGETHER;
  if (here == 0) return 0;
  thread = number * LANES;
  for (int i = 0; i < LANES; i++) {
    if (here < LANES) return report("an operation of a SIMD group reached by %d of %d lanes", here, LANES);
    if (f[i].site != f[0].site) return report("lanes of a SIMD group wait at different operations");
  }
  float sums[LANES];
  for (int i = 0; i < LANES; i++) sums[i] = f[i].request.value;
  for (int by = LANES / 2; by > 0; by /= 2) for (int i = 0; i < by; i++) sums[i] += sums[i + by];
  for (int i = 0; i < LANES; i++) {
    struct request* r = &f[i].request;
    r->result = r->what == XOR ? f[i ^ (r->operands[0] & (LANES - 1))].request.value : sums[0];
    f[i].state = RUNNING;
  }
  simds[number].sync += f[0].request.what == SYNC;
  return 1;
}

static void enter(void) {
  uint64_t arguments[GLLM_MOST_ARGUMENTS];
  lane = thread % LANES;
  simd = thread / LANES;
  for (uint32_t i = 0; i < kernel->arguments; i++) {
    switch (kernel->kinds[i]) {
      case GLLM_BUFFER: arguments[i] = (uint64_t)buffers[kernel->locations[i]]; break;
      case GLLM_PARAMETERS: arguments[i] = (uint64_t)parameters; break;
      case GLLM_GROUP: arguments[i] = (uint64_t)group; break;
      case GLLM_LANE: arguments[i] = (uint64_t)&lane; break;
      case GLLM_SIMD: arguments[i] = (uint64_t)&simd; break;
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
    f->done = 0;
  }
  for (int i = 0; i < MOST_SIMDS; i++) simds[i].count = 0;
  for (uint32_t i = 0; i < kernel->shared_count; i++) memset((void*)kernel->shared[i].address, 0xff, kernel->shared[i].bytes);
  return 1;
}

static int run_group(int threads) {
  if (!start(threads)) return 1;
  epoch++;
  for (;;) {
    int waiting = 0, released = 0;
    uint32_t site = 0;
    for (thread = 0; thread < threads; thread++) {
      if (fibers[thread].state == RUNNING) gllm_switch(&scheduler, fibers[thread].sp);
      if (message[0]) return 1;
    }
    for (int i = 0; i * LANES < threads; i++) released += release(i, threads);
    if (message[0]) return 1;
    if (released) continue;
    for (int i = 0; i < threads; i++) {
      if (fibers[i].state == DONE) continue;
      if (waiting++ && site != fibers[i].site) { snprintf(message, sizeof message, "threads wait at different barriers"); return 1; }
      site = fibers[i].site;
      fibers[i].state = RUNNING;
    }
    if (waiting == 0) return 0;
    if (waiting < threads) { snprintf(message, sizeof message, "barrier reached by %d of %d threads", waiting, threads); return 1; }
    epoch++;
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
