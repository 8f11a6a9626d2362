terraform {
  required_version = ">= 1.1.0"
}
