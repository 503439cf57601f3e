"""Five short experiments for the Help menu: what an activation is for, and how it fails."""

THINGS_TO_TRY = (
    (
        "Why a bend is needed",
        "Network lab: choose Linear for all layers and train. However many layers there are, the border stays straight: "
        "together they are one. Pause, choose Tanh, and train on: now it bends.",
    ),
    (
        "What saturates",
        "Neuron lab, Sigmoid: drag the point on the curve into the shaded part. The output hardly changes any more, and "
        "f′, by which everything that this neuron learns is multiplied, goes to 0.",
    ),
    (
        "What dies",
        "Network lab: choose ReLU and a learning rate of 1, and train. Units are thrown to where ReLU is flat for every point; "
        "their frames are dashed, and no gradient reaches them again. Lower the rate, and click Revive in each layer.",
    ),
    (
        "What vanishes",
        "Network lab: choose Sigmoid, six layers, and look at the bars of the gradient ∇ from right to left: every layer "
        "takes away a part, and the first one gets next to nothing. Do the same with ReLU.",
    ),
    (
        "What a network loses by another activation",
        "Network lab: train with Tanh until the spirals are told apart, pause, and choose Sigmoid. The weights are the same, and "
        "Compare shows before and after. Train: how fast does it find its way back?",
    ),
)
"""Names, and what to do."""
