// How an epoch's examples are cut into batches.
#ifndef CAVIAR_WORKER_TRAINING_BATCHES_H_
#define CAVIAR_WORKER_TRAINING_BATCHES_H_

namespace caviar::training {

// Batches of `batch_size` examples, the last one of the rest. A rest of one example joins the batch
// before: the variance of a single example says nothing to batch norm. (With a batch size of 1
// every batch is one example, as asked.)
class Batches {
 public:
  // rows >= 1, batch_size >= 1.
  Batches(int rows, int batch_size);

  int count() const { return count_; }
  // Where batch i starts, and how many examples it has.
  int start(int i) const { return i * batch_size_; }
  int size(int i) const { return i + 1 < count_ ? batch_size_ : rows_ - start(i); }
  // Of the largest batch.
  int largest() const { return size(count_ - 1) > size(0) ? size(count_ - 1) : size(0); }

 private:
  int rows_;
  int batch_size_;
  int count_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_BATCHES_H_
