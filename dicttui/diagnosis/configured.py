"""What a run was asked to be: the settings that causes and remedies depend on."""

from dicttui.diagnosis.quantities import Quantities
from dicttui.training.run import GradientRun

NUMBERS = ("l1_coefficient", "l0_coefficient", "k", "dict_size", "init_threshold")
WORDS = ("kind", "penalty", "init", "encoder_init", "weights", "b_dec_init")
OF_A_RUN = ("optimizer", "constraint", "project", "schedule", "precision")


def look(run: GradientRun, q: Quantities) -> None:
    """Put a run's settings: numbers as quantities, words as facts."""
    trainable, specification = run.trainable, run.specification
    network = specification.network.model_dump()
    arguments = specification.arguments.model_dump()
    for name in NUMBERS:
        value = network.get(name)
        if value is not None:
            q.put(name, float(value))
    for name in WORDS:
        q.facts[name] = str(network.get(name) or "")
    for name in OF_A_RUN:
        q.facts[name] = str(getattr(specification, name))
    q.facts["penalty_scaled"] = "yes" * bool(network.get("scale_sparsity_penalty_by_decoder_norm"))
    q.facts["autoencoder"] = "yes" * ("auxk_alpha" in network)
    q.facts["amsgrad"] = "yes" * bool(arguments.get("amsgrad"))
    q.facts["sparse_code"] = "yes" * trainable.network.sparse_code
    q.facts["planted"] = "yes" * (trainable.samples.true_atoms is not None)
    q.facts["scaling"] = str(getattr(trainable.specification, "scaling", ""))
    betas = arguments.get("betas")
    if betas is not None:
        q.put("beta1", float(betas[0]))
        q.put("beta2", float(betas[1]))
    if arguments.get("eps") is not None:
        q.put("eps", arguments["eps"])
    rates = None if trainable.rates is None else trainable.rates_at(run.step)
    base = trainable.rates
    q.put("lr", None if base is None else base.rest, "it has no learning rate")
    q.put("lr_now", None if rates is None else rates.rest, "it has no learning rate")
    q.put("dictionary_lr_scale", None if base is None else base.dictionary / base.rest)
    samples = trainable.samples
    q.put("batch_size", samples.batch_size)
    q.put("full_batch", float(samples.full_batch))
    q.put("d_in", samples.d_in)
    q.put("n", samples.n)
    known = trainable.network.lambda_field(samples.batch_size, samples.d_in)
    q.put("lambda_field", known, "no L1 penalty")
