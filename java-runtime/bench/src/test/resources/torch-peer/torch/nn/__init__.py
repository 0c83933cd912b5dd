class Parameter:
    """Marks what register_parameter takes."""

    def __init__(self, value):
        self.value = value


class Module:
    def __init__(self):
        self.training = False
        self.shapes = {}

    def register_parameter(self, name, parameter):
        self.shapes[name] = parameter.value.shape
        setattr(self, name, parameter.value)
