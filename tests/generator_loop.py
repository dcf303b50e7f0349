"""What the training loop promises of a generator's network, whatever its template."""

import numpy as np

__all__ = ["check_training_loop"]


def check_training_loop(network, knobs):
    """Check that one seed gives one fit, and that a restored state has the averages of the weights, too.

    Returns:
        Raw outputs of the network as it stands for the validation rows.
    """
    rows, rates = np.arange(96).reshape(3, 32), np.full(3, 1e-2)

    def begun(seed):
        network.reset(knobs, 32, seed)
        return network.train(rows, rates), network.predict_valid()

    (loss, made), (_, other), (again, same) = begun(1), begun(2), begun(1)
    assert loss == again and np.array_equal(made, same) and not np.array_equal(made, other)
    state = network.state()
    network.train(rows, rates)
    assert not np.array_equal(network.predict_valid(), made)
    network.set_state(state)
    np.testing.assert_array_equal(network.predict_valid(), made)
    return made
