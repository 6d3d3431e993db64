"""The repository itself: what lies where, what may be written, what importing costs."""

import ast
import os
import re
import resource
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sim", "mechanisms", "agents", "experiments")
TOP_LEVEL_FILES = (
    "pyproject.toml",
    "constraints.txt",
    "Makefile",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "ASSUMPTIONS.md",
    ".ci/run",
)
TOP_LEVEL_FOLDERS = (*PACKAGES, "docs", "notebooks", "tests", "benchmarks")
NOT_OURS = {"results", "build", "dist", "__pycache__"}


def project_files() -> Iterator[Path]:
    """Every file a reader of the project may open: no environments, caches, builds or results."""
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if name not in NOT_OURS and (name[0] != "." or name == ".ci")]
        yield from (Path(folder, name) for name in names)


def fresh_python(code: str) -> str:
    """What ``code`` prints in a new interpreter that sees only what is installed, not the current folder."""
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", TOP_LEVEL_FILES)
def test_top_level_file_exists(name: str) -> None:
    assert (ROOT / name).is_file()


@pytest.mark.parametrize("name", TOP_LEVEL_FOLDERS)
def test_top_level_folder_holds_something(name: str) -> None:
    assert any(path.is_file() for path in (ROOT / name).iterdir())


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_ci_script_can_be_executed() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_constraints_hold_names_and_versions_only() -> None:
    pin = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][A-Za-z0-9.+]*( ; [^:@/]+)?")
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#") and not pin.fullmatch(line)] == []
    assert not re.search(r"://|@ file|(^|\s)/", "\n".join(lines))


def test_no_file_names_a_place_of_one_machine() -> None:
    outside = re.compile(
        r"""\.\./shared\b | /\s*["']shared["'] | (^|[^A-Za-z0-9_.])/(?:work|farm|root|home|Users)/""", re.X | re.M
    )
    found = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures and packed data
        if path != Path(__file__).resolve():  # this file spells the pattern
            found += [f"{path.relative_to(ROOT)}: {match[0].strip()}" for match in outside.finditer(text)]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_installed_package_is_this_one(package: str) -> None:
    """`agents` is also the import name of a popular package: it must not stand in front of ours."""
    found = Path(fresh_python(f"import {package}; print({package}.__file__)"))
    assert found.resolve() == ROOT / package / "__init__.py"


@pytest.mark.parametrize(
    "module", ["sim.chain", "sim.contracts", "sim.models", "sim.data", "mechanisms", "experiments"]
)
def test_import_is_light(module: str) -> None:
    heavy = fresh_python(
        f"import sys, {module}; print(*({{'mesa', 'pandas', 'matplotlib', 'pydantic'}} & set(sys.modules)))"
    )
    assert heavy == ""


def test_help_answers_at_once() -> None:
    """Below half a second of CPU time; the best of three, since other work warms and disturbs the machine."""

    def cpu_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = subprocess.run([Path(sys.executable).with_name("deca10b"), "--help"], capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert shown.returncode == 0, shown.stderr
        assert "Usage" in shown.stdout
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(cpu_seconds() for _ in range(3)) < 0.5


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public names of a module without a docstring: the module itself, classes, functions, methods."""
    if not ast.get_docstring(tree):
        yield "(module)"
    scopes: list[tuple[str, ast.Module | ast.ClassDef]] = [("", tree)]
    while scopes:
        prefix, scope = scopes.pop()
        for node in scope.body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            if isinstance(node, ast.ClassDef):
                scopes.append((f"{prefix}{node.name}.", node))
            # a setter, an overload or an override repeats a name that is documented where it first stands
            repeats = any(
                re.search(r"\b(setter|overload|override)$", ast.unparse(mark)) for mark in node.decorator_list
            )
            if not ast.get_docstring(node) and not repeats:
                yield f"{prefix}{node.name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_have_docstrings(package: str) -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if not path.name.startswith("_") or path.name == "__init__.py"
        for name in undocumented(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert missing == []


def test_version_is_told_once() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    released = re.search(r"^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert cited
    assert released
    assert (cited[1], released[1]) == (version, version)
