// For the files of this room that are compiled for speed (CMakeLists.txt). Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_INSTRUCTION_LEVELS_H_
#define CAVIAR_SERVER_SAMPLING_INSTRUCTION_LEVELS_H_

// A function's code for each of these, and the right one when the program runs. Every operation is
// rounded by itself (-ffp-contract=off) and vectors are equally wide in all of them: the same bits.
// (Not where code runs before main, when a sanitizer is not there yet.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(CAVIAR_SANITIZE_THREAD)
#define CAVIAR_FOR_EACH_LEVEL \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CAVIAR_FOR_EACH_LEVEL
#endif
// Into every one of these.
#define CAVIAR_INLINE inline __attribute__((always_inline))

#endif  // CAVIAR_SERVER_SAMPLING_INSTRUCTION_LEVELS_H_
