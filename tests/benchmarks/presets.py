"""What is trained in benchmarks, two runs each."""

FLAT_OUT = 1_000_000_000
PRESETS = {
    "article": """
[network]
kind = "sparse"
[training]
steps = {steps}
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.001
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.001
""",
    "patches": """
[data]
kind = "patches"
n = 20000
whiten = true
held_out = 0.1
batch_size = 256
[network]
kind = "relu"
dict_size = 256
l1_coefficient = 0.5
[training]
steps = {steps}
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.001
constraint = "unit_norm"
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.03
constraint = "unit_norm"
""",
}
