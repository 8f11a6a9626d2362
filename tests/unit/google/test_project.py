"""The project and its guards."""

import pytest

from anyscale_constructs.errors import ConfigError
from anyscale_constructs.google import ExistingProject, Project
from anyscale_constructs.google import project as guards
from tests.unit.google.parts import ENABLED, LABELS, RANDOM_SUFFIX
from tests.unit.guards import Case, Table

TABLE = Table(
    Project,
    {"billing_account_id": "01ABCD-234567-89EF01", "folder_id": "1", "anyscale_project_name_prefix": "acme-"},
    [
        ENABLED,
        RANDOM_SUFFIX,
        LABELS,
        Case(
            guards.the_billing_account_is_an_id,
            "billing_account_id: must be a billing account's ID",
            springs=[{"billing_account_id": "billingAccounts/01ABCD-234567-89EF01"}, {"billing_account_id": "Acme"}],
            passes=[{"billing_account_id": "000000-FFFFFF-000000"}],
        ),
        Case(
            guards.project_id_is_one_google_accepts,
            "must be a project ID",
            springs=[
                {"anyscale_project_id": "acme_ml"},
                {"anyscale_project_id": "acme-ml-"},
                {"anyscale_project_id": "acme"},
                {"anyscale_project_id": "acme-google-ml"},
                {"anyscale_project_id": "a" * 31},
                {"anyscale_project_name": "Acme ML"},
                {"anyscale_project_name_prefix": "a" * 23},
                {"anyscale_project_name_prefix": "acme-project-", "enable_random_name_suffix": False},
            ],
            passes=[
                {"anyscale_project_id": "a" * 30, "anyscale_project_name": "Acme"},
                {"anyscale_project_name": "acme-ml"},
                {"anyscale_project_name_prefix": "a" * 22},
                {"anyscale_project_id": "acme-ml", "anyscale_project_name": "Acme ML"},
            ],
        ),
        Case(
            guards.project_name_is_one_google_accepts,
            "must be 4 to 30 letters",
            springs=[
                {"anyscale_project_id": "acme-ml", "anyscale_project_name": "ML"},
                {"anyscale_project_id": "acme-ml", "anyscale_project_name": "Acme: ML"},
                {"anyscale_project_id": "acme-ml", "anyscale_project_name": "a" * 31},
            ],
            passes=[{"anyscale_project_id": "acme-ml", "anyscale_project_name": "Acme's ML!"}],
        ),
        Case(
            guards.the_project_has_one_parent,
            "organization_id",
            springs=[{"organization_id": "1"}, {"folder_id": None}],
            passes=[{"folder_id": "folders/1"}, {"folder_id": None, "organization_id": "1"}],
        ),
    ],
)


@pytest.mark.parametrize("project_id", ["123456", "Acme-ML", "acme_ml", ""])
def test_fails_on_an_invalid_existing_project(project_id: str) -> None:
    with pytest.raises(ConfigError, match="a project ID, which begins with a letter"):
        ExistingProject(project_id=project_id)
