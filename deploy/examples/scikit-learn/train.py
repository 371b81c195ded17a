"""A training script of one's own: a neural network of scikit-learn on the 1,797 handwritten digits that come with it.

Runs alone as well: python3 train.py
"""

import caviar
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

EPOCHS = 12

parameters = caviar.parameters(learning_rate=0.01, units=32, batch_size=64, weight_decay=1e-4)

digits = load_digits()
# The split is the same in all trials, so that they can be compared; a test part would be kept for the end.
train_x, validation_x, train_y, validation_y = train_test_split(
    digits.data, digits.target, test_size=0.25, stratify=digits.target, random_state=0)
scaler = StandardScaler().fit(train_x)
train_x, validation_x = scaler.transform(train_x), scaler.transform(validation_x)

network = MLPClassifier(hidden_layer_sizes=[parameters["units"]], alpha=parameters["weight_decay"],
                        learning_rate_init=parameters["learning_rate"], batch_size=parameters["batch_size"],
                        random_state=caviar.seed())
for epoch in range(1, EPOCHS + 1):
    network.partial_fit(train_x, train_y, classes=digits.target_names)
    answer = caviar.report(epoch, validation_accuracy=network.score(validation_x, validation_y),
                           train_loss=network.loss_)
    if answer == "stop":
        break
