"""What moto needs beside its own services to serve a cloud; each file registers its part with moto."""
