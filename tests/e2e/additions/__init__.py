"""What moto lacks to serve a cloud; each file registers its part with moto."""
