"""What a packed table hangs on: the modules that decide it, by name."""

from isone.pack import outputs


def test_every_module_of_the_recipe_is_there() -> None:
    assert len(outputs._digest(*outputs._MODULES, "pack/datapackage")) == 16
