// For a process that others wait for, on a machine that trains as well.
#ifndef CAVIAR_SERVER_SHORT_SLICES_H_
#define CAVIAR_SERVER_SHORT_SLICES_H_

namespace caviar {

// Lets the calling thread, and those that it starts from now on, run as soon as they have something
// to do: in return they run for a shorter time at once. No more of the processor is used by it, and
// no right is needed. Without effect on kernels before Linux 6.12.
void AskForShortSlices();

}  // namespace caviar

#endif  // CAVIAR_SERVER_SHORT_SLICES_H_
