// Rows that move between tables, caches and activations. Indices are checked by Java.
#include "map.h"

#define CONVERT_BODY(T, i) LOAD(T, x + (i))
#define CONVERT_PART(T, i, m) LOAD_PART(T, x + (i), m)
#define CONVERT(from, to) \
    INLINE void row_##from##_##to(const TYPE(from) * x, TYPE(to) * out, int64_t n) { MAP(from, to, CONVERT_BODY, CONVERT_PART) }
CONVERT(f32, f32)
CONVERT(f32, f16)
CONVERT(f32, bf16)
CONVERT(f16, f32)
CONVERT(bf16, f32)

// out[i] = table[ids[i]] as f32.
#define EMBEDDING(T, name)                                                                                                \
    ENTRY("pppll>v") void name##_##T(const TYPE(T) * table, const int32_t* ids, float* out, int64_t count, int64_t dim) { \
        for (int64_t i = 0; i < count; i++) row_##T##_f32(table + ids[i] * dim, out + i * dim, dim);                      \
    }
EACH_TYPE(EMBEDDING, embedding)

// Row t of k and v, f32, to slot slots[t] of the caches.
#define KV_APPEND(T, name)                                                                                                \
    ENTRY("pppppll>v") void name##_##T(const float* k, const float* v, const int32_t* slots, TYPE(T) * k_cache,           \
                                       TYPE(T) * v_cache, int64_t tokens, int64_t kv_dim) {                               \
        for (int64_t t = 0; t < tokens; t++) {                                                                            \
            row_f32_##T(k + t * kv_dim, k_cache + slots[t] * kv_dim, kv_dim);                                             \
            row_f32_##T(v + t * kv_dim, v_cache + slots[t] * kv_dim, kv_dim);                                             \
        }                                                                                                                 \
    }
EACH_TYPE(KV_APPEND, kv_append)
