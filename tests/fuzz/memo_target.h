/* One document through the reader, as the fuzzer and the replay do it. */
#ifndef TESTS_FUZZ_MEMO_TARGET_H
#define TESTS_FUZZ_MEMO_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry. Ends the program (abort) when a promise of schema/memo.h does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
