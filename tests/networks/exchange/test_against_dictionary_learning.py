"""The same weights and samples in the package dictionary_learning: its reconstructions are ours.

`pip install dictionary-learning` and `pytest tests/networks/exchange`: not part of the default run,
for the package brings some hundred others along. (Where it cannot be imported because torchvision
was built for another torch: it does without torchvision.)
"""

import pytest
import torch

from dicttui.networks.exchange import dictionary_learning as folders

package = pytest.importorskip(
    "dictionary_learning.utils",
    reason="dictionary_learning is not installed: pip install dictionary-learning",
)

FOLDED = ("none", "center", "standardize", "expected_average_only_in")


@pytest.mark.parametrize("kind", folders.CLASSES)
@pytest.mark.parametrize("scaling", FOLDED)
@pytest.mark.parametrize("applied", [True, False])
def test_the_package_opens_a_folder_and_reconstructs_the_same(
    kind, scaling, applied, trained, tmp_path
):
    own = trained(kind, scaling, apply_b_dec_to_input=applied)
    folders.write(own.state, tmp_path)
    dictionary, configuration = package.load_dictionary(str(tmp_path), "cpu")
    assert configuration["dicttui"]["step"] == 7
    with torch.no_grad():
        rebuilt, code = dictionary(own.x, output_features=True)
    norms = own.network.W_dec.norm(dim=1)
    if scaling == "standardize":
        norms = (own.network.W_dec * own.scaling.deviation).norm(dim=1)
    elif scaling == "expected_average_only_in":
        norms = norms / own.scaling.factor
    expected = own.code * norms if kind == "relu" else own.code
    torch.testing.assert_close(rebuilt, own.reconstruction, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(code, expected, atol=1e-5, rtol=1e-5)
