terraform {
  required_version = ">= 1.7.0"
}

removed {
  from = azuread_service_principal.anyscale
  lifecycle {
    destroy = false
  }
}
